"""The people of the demo bank who can sign in: one of each role, and a second officer.

They exist only under the demo setting.
"""

from dataclasses import dataclass

PASSWORD = "demo12345"  # noqa: S105 - shown on the demo's login page


@dataclass(frozen=True, slots=True)
class Login:
    username: str
    role_name: str
    name: str
    role: str
    password: str = PASSWORD


LOGINS = (
    Login("rm", "客户经理", "陈静怡", "rm"),
    Login("admin", "分行管理员", "周建国", "branch_admin"),
    Login("officer", "合规专员", "沈明哲", "compliance"),
    Login("officer2", "合规复核（总行）", "何清扬", "compliance"),
    Login("hq", "总行管理员", "林雅文", "hq_admin"),
    Login("hq2", "总行复核", "罗振宇", "hq_admin"),
    Login("auditor", "审计", "郑守正", "auditor"),
)
