from django.contrib.postgres.indexes import GinIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0021_one_sealed_content"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            # Only a setting: building the index anew would take minutes.
            database_operations=[
                migrations.RunSQL(
                    "ALTER INDEX index_tokens SET (gin_pending_list_limit = 16384)",
                    "ALTER INDEX index_tokens RESET (gin_pending_list_limit)",
                )
            ],
            state_operations=[
                migrations.RemoveIndex(model_name="messageindex", name="index_tokens"),
                migrations.AddIndex(
                    model_name="messageindex",
                    index=GinIndex(
                        fields=["tokens"], name="index_tokens", gin_pending_list_limit=16384
                    ),
                ),
            ],
        ),
    ]
