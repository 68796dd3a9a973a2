"""Clients that break errors and retries."""

from typing import Any

from contract_tests.gallery.reference import CloudError, Message, Reference, Reply
from contract_tests.gallery.registry import defect
from mockserver.contract import Choice, Report


@defect("errors.reported")
class SwallowsErrors(Reference):
    """A refusal is an empty answer (LlamaIndex does)."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        try:
            return super().answer(stream, options, prefix, stop)
        except CloudError as error:
            if error.late:
                raise
            return Report((Choice(),))


@defect("errors.not-text", museum="ginlix-ai/LangAlpha#396")
class ErrorsAsText(Reference):
    """The words of a refusal are an answer."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        try:
            return super().answer(stream, options, prefix, stop)
        except CloudError as error:
            if error.late:
                raise
            return Report((Choice(f"Error: {error.message}", finish_reason="stop"),))


@defect("errors.code")
class ErrorsWithoutCode(Reference):
    """The code of a refusal is not told."""

    def error(self, document: Message, status: int | None) -> CloudError:
        error = super().error(document, status)
        return CloudError(None, status, error.message)

    def passes(self, error: CloudError) -> bool:
        return not error.late and error.status in {429, 500, 502, 503, 504}


@defect("errors.code")
class CodeFromStatus(Reference):
    """The status is told as the code."""

    def error(self, document: Message, status: int | None) -> CloudError:
        error = super().error(document, status)
        error.code = str(status) if status else error.code
        return error


@defect("errors.message")
class ErrorsWithoutMessage(Reference):
    """The words of a refusal are not told."""

    def error(self, document: Message, status: int | None) -> CloudError:
        error = super().error(document, status)
        return CloudError(error.code, status, "the request failed")


@defect("errors.message")
class AsciiErrors(Reference):
    """What is not ASCII in the words of a refusal is lost."""

    def error(self, document: Message, status: int | None) -> CloudError:
        error = super().error(document, status)
        return CloudError(error.code, status, error.message.encode("ascii", "ignore").decode())


@defect("errors.status")
class StatusAlways500(Reference):
    """Every refusal is told as a fault of the server."""

    def attempt(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        try:
            return super().attempt(body, stream=stream, options=options, stop=stop)
        except CloudError as error:
            error.status = error.status and 500
            raise


@defect("retry.never")
class RetriesEverything(Reference):
    """Every refusal is tried again."""

    def passes(self, error: CloudError) -> bool:
        return not error.late


@defect("retry.never")
class RetriesBadRequests(Reference):
    """A refused parameter is tried again."""

    def passes(self, error: CloudError) -> bool:
        return super().passes(error) or error.status == 400


@defect("retry.never")
class RetriesWrongKeys(Reference):
    """A refused key is tried again."""

    def passes(self, error: CloudError) -> bool:
        return super().passes(error) or error.status in (401, 403)


@defect("retry.transient")
class NeverRetries(Reference):
    """Nothing is tried again."""

    def attempts(self) -> int:
        return 1


@defect("retry.transient")
class RetriesRateLimitsOnly(Reference):
    """A fault of the service is not tried again."""

    def passes(self, error: CloudError) -> bool:
        return super().passes(error) and "hrottling" in f"{error.code}{error.status == 429 and 'hrottling'}"


@defect("retry.transient")
class RetriesFaultsOnly(Reference):
    """A rate limit is not tried again."""

    def passes(self, error: CloudError) -> bool:
        return super().passes(error) and error.status != 429 and "hrottling" not in str(error.code)


@defect("retry.bounded")
class RetriesForever(Reference):
    """A refusal that stays is tried forty times."""

    def attempts(self) -> int:
        return 40


@defect("report.success")
class EmptyAnswersAreErrors(Reference):
    """An answer without a word is an error."""

    def count(self, reply: Reply) -> None:
        super().count(reply)
        if not reply.choice(0).text and not reply.choice(0).calls:
            message = "the model gave no answer"
            raise ValueError(message)


@defect("report.success")
class LengthIsAnError(Reference):
    """An answer that ran into its limit is an error."""

    def count(self, reply: Reply) -> None:
        super().count(reply)
        if reply.choice(0).finish == "length":
            message = "the answer is not whole"
            raise ValueError(message)


@defect("errors.status")
class ErrorsWithoutStatus(Reference):
    """The status of a refusal is not told."""

    def attempt(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        try:
            return super().attempt(body, stream=stream, options=options, stop=stop)
        except CloudError as error:
            error.status = None
            raise


@defect("errors.status-inside", surfaces=("native-text", "native-multimodal"))
class AssumesBadRequests(Reference):
    """Every error inside a stream is told as a wrong request, whatever its event says."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        try:
            return super().answer(stream, options, prefix, stop)
        except CloudError as error:
            error.status = 400 if stream else error.status
            raise
