"""An erasure voids every basis that is older than itself (Art. 17): said once per address."""

from __future__ import annotations

from dataclasses import dataclass

from lethe.domain.consent import EventType
from lethe.domain.errors import LetheError, UnavailableError
from lethe.domain.evidence import Evidence, Method
from lethe.domain.ports import Requests
from lethe.domain.requests import AddressCase, RequestId
from lethe.usecases.consent_ledger import Act, ConsentLedger, event_id
from lethe.usecases.reviewing import SYSTEM


@dataclass(frozen=True)
class Voiding:
    """The use case; the request says who was erased, and when."""

    ledger: ConsentLedger
    requests: Requests

    def void(self, request_id: RequestId) -> None:
        """Void what stood before the erasure of each address; repeating it changes nothing.

        What fails for one address is raised after the others are done.
        """
        failed: LetheError | None = None
        for index, case in enumerate(self.requests.get(request_id).cases):
            try:
                self._void(request_id, index, case)
            except LetheError as error:
                failed = error
        if failed is not None:
            raise failed

    def _void(self, request_id: RequestId, index: int, case: AddressCase) -> None:
        if case.shredded_at is None:
            raise UnavailableError("The request is not shredded yet; it is delivered again.")
        act = Act(
            EventType.VOIDED,
            time=case.shredded_at,
            evidence=Evidence(method=Method.SYSTEM, reference=request_id),
            event_id=event_id("voided", request_id, str(index)),
        )
        self.ledger.record_for(case.pseudonym, [act], caller=SYSTEM)
