"""What head office decides about the mirrored organisation."""

from django.db import transaction

from channels.models import Department
from scrm.accounts.models import Branch
from scrm.audit.services import record
from scrm.core.actors import Actor


@transaction.atomic
def department_link(*, department: Department, branch: Branch | None, actor: Actor) -> Department:
    """Says which branch of the bank a department is; None takes it back."""
    row = Department.objects.select_for_update(of=("self",)).select_related("branch")
    current = row.get(pk=department.pk)
    before = current.branch
    current.branch = branch
    current.save(update_fields=["branch"])
    record(
        "department.link",
        actor=actor,
        obj=current,
        before={"机构": str(before) if before else ""},
        after={"机构": str(branch) if branch else ""},
    )
    return current
