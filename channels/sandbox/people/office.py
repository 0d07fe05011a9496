"""Further actions: groups, moments, transfers, links, cards, and the organisation itself."""

from __future__ import annotations

from channels.sandbox import ids
from channels.sandbox.api.employee_messages import new_response_code
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import groups, moments, tags, transfers
from channels.sandbox.errors import ControlError
from channels.sandbox.people import links
from channels.sandbox.people.actions import ACTIONS, action, wanted
from channels.sandbox.types import Doc


@action("group_create")
def group_create(box: Sandbox, fields: Doc) -> Doc:
    return {"chat_id": groups.create(box, fields)["chat_id"]}


# These take exactly what their functions document.
ACTIONS.update(
    {
        "group_join": groups.join,
        "group_leave": groups.leave,
        "group_change": groups.change,
        "group_dismiss": groups.dismiss,
        "moment_publish": moments.publish,
        "moment_publish_all": moments.publish_all,
        "moment_react": moments.react,
        "transfer_refuse": transfers.refuse,
        "member_resign": transfers.resign,
        "open_link": links.open_link,
    }
)


@action("press_card")
def press_card(box: Sandbox, fields: Doc) -> Doc:
    """A member presses a card button. {userid, msgid, key, question_key?, options?}"""
    row = box.table("notices").get(wanted(fields, "msgid"))
    if row is None or row["msgtype"] != "template_card":
        raise ControlError("没有这张卡片。")
    member = box.member(wanted(fields, "userid"))
    code = new_response_code(box, row["msgid"])
    extra: Doc = {}
    if fields.get("options"):
        # "Opiton" is the vendor's own spelling.
        options = {"OpitonIds": {"OpitonId": fields["options"]}}
        item = {"QuestionKey": fields.get("question_key", ""), **options}
        extra["SelectedItems"] = {"SelectedItem": item}
    box.emit(
        "template_card_event", FromUserName=member["userid"], EventKey=wanted(fields, "key"),
        TaskId=row["body"].get("task_id", ""), CardType=row["body"]["card_type"],
        ResponseCode=code, AgentID=box.config.agent_id, **extra,
    )  # fmt: skip
    return {"response_code_sent": True}


@action("member_join")
def member_join(box: Sandbox, fields: Doc) -> Doc:
    """Somebody starts to work here. The event has the short form: id and departments."""
    row = {"department": [1], "position": "", **fields, "userid": wanted(fields, "userid")}
    box.members.put(row["userid"].lower(), {"name": row["userid"], **row})
    departments = ",".join(str(number) for number in row["department"])
    box.emit("change_contact", "create_user", UserID=row["userid"], Department=departments)
    return {"userid": row["userid"]}


@action("member_change")
def member_change(box: Sandbox, fields: Doc) -> Doc:
    member = box.member(wanted(fields, "userid"))
    names = ("name", "department", "position", "status")
    member.update({name: fields[name] for name in names if name in fields})
    box.members.save(member["userid"].lower())
    departments = ",".join(str(number) for number in member["department"])
    box.emit("change_contact", "update_user", UserID=member["userid"], Department=departments)
    return {"userid": member["userid"]}


@action("department_change")
def department_change(box: Sandbox, fields: Doc) -> Doc:
    """Create or rename. {id, name, parentid?}"""
    key = str(wanted(fields, "id"))
    old = box.departments.get(key)
    row = {"parentid": 1, **(old or {}), **fields, "id": int(key)}
    box.departments.put(key, row)
    kind = "update_party" if old else "create_party"
    box.emit("change_contact", kind, Id=row["id"], Name=row["name"], ParentId=row["parentid"])
    return {"id": row["id"]}


@action("enter_agent")
def enter_agent(box: Sandbox, fields: Doc) -> Doc:
    member = box.member(wanted(fields, "userid"))
    box.emit("enter_agent", FromUserName=member["userid"], EventKey="", AgentID=box.config.agent_id)
    return {}


@action("tags_create")
def tags_create(box: Sandbox, fields: Doc) -> Doc:
    """The administrator makes tags in the console. {group, names: []}"""
    name, names = wanted(fields, "group"), wanted(fields, "names")
    group = next((row for row in box.tag_groups.values() if _shows(row, name)), None)
    now = box.clock.seconds()
    if group is None:
        key = ids.fresh("et", 30)
        group = {"group_id": key, "group_name": name, "create_time": now, "order": 0, "tag": []}
        box.emit("change_external_tag", "create", Id=key, TagType="tag_group")
    made = [
        {"id": ids.fresh("et", 30), "name": one, "create_time": now, "order": 0} for one in names
    ]
    group["tag"] += made
    box.tag_groups.put(group["group_id"], group)
    for tag in made:
        box.emit("change_external_tag", "create", Id=tag["id"], TagType="tag")
    return {"group_id": group["group_id"], "tag_ids": [tag["id"] for tag in made]}


def _shows(group: Doc, name: str) -> bool:
    return group["group_name"] == name and not group.get("deleted")


@action("tag_rename")
def tag_rename(box: Sandbox, fields: Doc) -> Doc:
    """In the console. {id: of a tag or a group, name}"""
    group, tag = tags.find(box, wanted(fields, "id"))
    tags.rename(box, group, tag, wanted(fields, "name"))
    box.tag_groups.save(group["group_id"])
    kind = "tag" if tag else "tag_group"
    box.emit("change_external_tag", "update", Id=fields["id"], TagType=kind)
    return {"id": fields["id"]}


@action("tag_delete")
def tag_delete(box: Sandbox, fields: Doc) -> Doc:
    """In the console. {id: of a tag or a group}; a group sends one event, not one for each tag."""
    group, tag = tags.find(box, wanted(fields, "id"))
    tags.delete(box, group, tag)
    kind = "tag" if tag else "tag_group"
    box.emit("change_external_tag", "delete", Id=fields["id"], TagType=kind)
    return {"id": fields["id"]}
