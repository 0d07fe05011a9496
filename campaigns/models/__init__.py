from campaigns.library.models import Content, ContentVersion, Material, Script
from campaigns.models.audience import AudienceMember, AudienceSnapshot
from campaigns.models.campaign import Campaign, Variant
from campaigns.models.ledger import Delivery, LinkClick, SendBatch
from campaigns.welcome.models import WelcomeAttachment, WelcomeRule

__all__ = [
    "AudienceMember",
    "AudienceSnapshot",
    "Campaign",
    "Content",
    "ContentVersion",
    "Delivery",
    "LinkClick",
    "Material",
    "Script",
    "SendBatch",
    "Variant",
    "WelcomeAttachment",
    "WelcomeRule",
]
