"""The mail server, by SMTP, which tells what it surely did not take from what it may have."""

from smtplib import SMTP, SMTP_SSL, SMTPException
from typing import Any

from django.core.mail.backends import smtp

# For the answer to a whole mail, which is looked through first. RFC 5321 allows 10 minutes.
ANSWER_SECONDS = 60


class MailOutcomeUnknown(SMTPException):
    """A mail was handed over as a whole, and no answer came."""


class _InDoubt(SMTP):
    is_handed_over = False

    def send(self, s: Any) -> None:
        """Send commands, which are text, and the body of a mail, which is bytes."""
        super().send(s)
        self.is_handed_over = isinstance(s, bytes)
        if self.sock:
            self.sock.settimeout(ANSWER_SECONDS if self.is_handed_over else self.timeout)

    def getreply(self) -> tuple[int, bytes]:
        try:
            return super().getreply()
        except OSError as trouble:
            if self.is_handed_over:
                raise MailOutcomeUnknown(str(trouble)) from trouble
            raise


class _InDoubtByTls(_InDoubt, SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> type[SMTP]:
        return _InDoubtByTls if self.use_ssl else _InDoubt
