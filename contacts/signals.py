"""What travels up from contacts. Receivers run in the transaction of the sender."""

from django.dispatch import Signal

# Some tags of ours have to be carried to WeCom; the rows (TagPush) say which.
tags_wanted = Signal()
