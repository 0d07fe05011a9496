from campaigns.library.models import Content, ContentVersion, Script
from campaigns.models.audience import AudienceMember, AudienceSnapshot
from campaigns.models.campaign import Campaign, Variant
from campaigns.models.ledger import Delivery, LinkClick, SendBatch
from campaigns.welcome.models import WelcomeRule

__all__ = [
    "AudienceMember",
    "AudienceSnapshot",
    "Campaign",
    "Content",
    "ContentVersion",
    "Delivery",
    "LinkClick",
    "Script",
    "SendBatch",
    "Variant",
    "WelcomeRule",
]
