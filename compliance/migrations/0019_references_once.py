"""The check of whom messages name reads a statement's rows once a column, not three times."""

from django.db import migrations

from scrm.core.triggers import reference_check


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0018_message_references"),
    ]

    operations = [
        reference_check(
            "compliance_archivedmessage",
            {
                "user_id": "accounts_user",
                "contact_id": "contacts_externalcontact",
                "customer_id": "contacts_customer",
            },
        ),
    ]
