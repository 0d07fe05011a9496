from django.db import migrations

from scrm.core.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("compliance", "0001_initial")]
    operations = [
        append_only("compliance_archiveenvelope"),
        append_only("compliance_archivedmessage"),
        append_only("compliance_messagescan"),
        append_only("compliance_seal"),
    ]
