from django.contrib.auth.forms import AuthenticationForm

from scrm.core.forms import tabler


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "登录名或密码不对，请重新输入。",
        "inactive": "这个账号已停用，请联系管理员。",
    }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        tabler(self)
