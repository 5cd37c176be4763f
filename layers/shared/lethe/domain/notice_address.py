"""Where a notice is found, and the words that take its address to who writes for the first time."""

from __future__ import annotations

from lethe.domain.in_force import Audience
from lethe.domain.policy import Policy


def address(policy: Policy, api_url: str, audience: Audience = Audience.EXTERNAL) -> str:
    """Return the address of a notice, with `{language}` in it.

    `notice.public_url` may have `{audience}` and `{language}` itself; without, it stands for the
    address of the API under another name.
    """
    base = policy.notice.public_url or api_url
    if "{language}" in base or "{audience}" in base:
        return base.replace("{audience}", audience)
    return f"{base.rstrip('/')}/notices/{audience}/{{language}}"


def first_contact_text(policy: Policy, channel: str, language: str, api_url: str) -> str | None:
    """Return what an unknown person is sent who writes on a channel, or None (Art. 13, 14).

    In the language asked for, else in the policy's own, else in the first that is written.
    """
    settings = policy.channels.get(channel)
    if settings is None or not settings.first_contact or not settings.first_contact_text:
        return None
    texts = settings.first_contact_text
    own = policy.notice.language
    spoken = next((code for code in (language, own) if code in texts), next(iter(texts)))
    url = address(policy, api_url).replace("{language}", spoken)
    return texts[spoken].replace("{url}", url)
