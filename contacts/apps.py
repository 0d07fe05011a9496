from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = "客户"

    def ready(self) -> None:
        from contacts import panels
        from contacts.groups import customer_groups

        panels.register("customer_side", customer_groups)
