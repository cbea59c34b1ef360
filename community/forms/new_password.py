from allauth.account.forms import ResetPasswordKeyForm
from allauth.account.models import EmailAddress


class NewPasswordForm(ResetPasswordKeyForm):  # type: ignore[misc]
    def save(self) -> None:
        """Set the password that somebody chose by the link in a mail: so the mailbox is theirs."""
        super().save()
        # With several addresses it may have gone to any of them: nothing is shown then.
        addresses = list(EmailAddress.objects.filter(user=self.user))
        if [address.email for address in addresses] == [self.user.email.lower()]:
            addresses[0].set_verified()
