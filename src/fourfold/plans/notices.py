"""A notice by e-mail that there is something to read. Nothing of what it is leaves this service."""

import logging
from collections.abc import Iterable
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from fourfold.platform.people.models import User

SUBJECT = "You have reminders in Fourfold"
TEXT = "Something of yours is due. Sign in to Fourfold and open My work to read what."
log = logging.getLogger(__name__)


def send(users: Iterable[User]) -> int:
    """One notice to each of these people, where the service has an address to send from. Returns how many went out.

    A server that does not answer stops no reminder: those stand on My work.
    """
    sender = settings.NOTICES_FROM
    if not sender:
        return 0
    sent = 0
    for user in {user.pk: user for user in users if user.is_active}.values():
        try:
            sent += send_mail(SUBJECT, TEXT, sender, [user.email])
        except (OSError, SMTPException) as failed:
            log.warning("A notice could not be sent: %s", failed)
    return sent
