"""A mail for Amazon SES: raw MIME, because only so it bears the headers of RFC 8058."""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from typing import Final

from lethe.domain.addresses import Address, identifier
from lethe.domain.messages import Role
from lethe.domain.outbox import Answered, OutMessage, Refused
from lethe.domain.ports_sending import Mailer

_POLICY: Final = policy.SMTP.clone(max_line_length=998, cte_type="7bit")
"""ASCII alone, as SES asks; and a link is never folded, since not every reader unfolds it."""


@dataclass(frozen=True, slots=True)
class Ses:
    """Mail by Amazon SES, which adds Message-ID and Date."""

    mailer: Mailer

    def send(self, message: OutMessage) -> Answered:
        """Hand a mail over, once."""
        try:
            mail = build(message)
        except ValueError:  # a name or an address that no mail header can hold
            return Refused("mail_not_valid")
        recipients = {
            role: [identifier(r.address) for r in message.recipients if r.role is role]
            for role in (Role.RECIPIENT, Role.CC, Role.BCC)
        }
        return self.mailer.send(identifier(message.sender), recipients, mail)


def build(message: OutMessage) -> bytes:
    """The mail; who is bcc stands in no header."""
    mail = EmailMessage(_POLICY)
    mail["From"] = _mailbox(message.sender, "")
    for header, role in (("To", Role.RECIPIENT), ("Cc", Role.CC)):
        named = [_mailbox(r.address, r.name) for r in message.recipients if r.role is role]
        if named:
            mail[header] = named
    mail["Subject"] = message.subject
    if message.locale:
        mail["Content-Language"] = message.locale
    if message.withdrawal_url:
        mail["List-Unsubscribe"] = f"<{message.withdrawal_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if message.is_notice:
        mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    return mail.as_bytes()


def _mailbox(address: Address, name: str) -> Mailbox:
    spec = identifier(address)
    if not spec.isascii():
        raise ValueError("SES takes no address beyond ASCII")
    local, _, host = spec.rpartition("@")
    if local.startswith('"'):
        local = local[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return Mailbox(name, local, host)
