"""What campaigns hang into the apps below: reviewable kinds, receivers, timeline, demo data."""

from campaigns import demo, services, timeline
from campaigns.dispatch import cancelling, handing, settling
from campaigns.library import materials
from campaigns.library import services as library
from campaigns.models import Campaign, ContentVersion
from campaigns.welcome import selectors as welcome
from channels import signals
from channels.media.uploads import register_wanted
from compliance.gate import register_greeter, register_source
from compliance.registry import Reviewable, register
from contacts.demo.registry import seeder


def connect() -> None:
    register(
        library.KIND,
        Reviewable(
            label="素材",
            load=lambda pk: ContentVersion.objects.select_related("product", "content").get(pk=pk),
            freeze=library.freeze,
            on_decision=library.on_decision,
            template="campaigns/_review_content.html",
            terms=library.terms,
        ),
    )
    register(
        materials.KIND,
        Reviewable(
            label="附件",
            load=materials.load,
            freeze=materials.freeze,
            on_decision=materials.on_decision,
            template="campaigns/_review_material.html",
            terms=materials.terms,
        ),
    )
    register(
        services.KIND,
        Reviewable(
            label="活动",
            load=lambda pk: Campaign.objects.get(pk=pk),
            freeze=services.freeze,
            on_decision=services.on_decision,
            template="campaigns/_review_campaign.html",
        ),
    )
    signals.outbox_settled.connect(settling.on_settled, dispatch_uid="campaigns.settled")
    signals.outbox_cancelled.connect(cancelling.on_cancelled, dispatch_uid="campaigns.cancelled")
    register_source("campaigns.batch", handing.still_wanted)
    register_greeter(welcome.offers)
    register_wanted(welcome.files_wanted)
    signals.outbox_uncertain.connect(settling.on_uncertain, dispatch_uid="campaigns.uncertain")
    signals.member_confirmed.connect(settling.on_confirmed, dispatch_uid="campaigns.confirmed")
    signals.results_read.connect(settling.on_results, dispatch_uid="campaigns.results")
    seeder(demo.seed)
    timeline.connect()
