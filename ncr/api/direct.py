"""A route for what everybody calls at once: documented by its signature, called past the framework's own parsing."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import ValidationError

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Direct(APIRoute):
    """The endpoint takes what comes in the path, one JSON body (`body`), `key` (an Idempotency-Key) and `request`.

    Reading a request this way costs a third of what the framework takes for it.
    """

    def get_route_handler(self) -> Handler:
        """The endpoint, given its values checked by the models that document them."""
        body, names = self.body_field, [field.name for field in self.dependant.path_params]
        if body is None:
            raise TypeError(f"{self.path} takes no body")
        fields: list[Any] = [*self.dependant.path_params, *self.dependant.header_params]
        model: Any = body.field_info.annotation
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            path, key = request.path_params, request.headers.get("idempotency-key")
            given: dict[str, Any] = {**{name: path[name] for name in names}, "key": key}
            for field in fields:
                _, wrong = field.validate(given[field.name], loc=(field.field_info.in_.value, field.alias))
                if wrong:
                    raise RequestValidationError(wrong)
            try:
                wanted = model.model_validate_json(await request.body())
            except ValidationError as error:
                raise RequestValidationError(_in_body(error.errors(include_url=False))) from None
            answer: Response = await endpoint(**given, wanted=wanted, request=request)
            return answer

        return handle


def _in_body(wrong: Sequence[Any]) -> list[dict[str, Any]]:
    return [{**fault, "loc": ("body", *fault["loc"])} for fault in wrong]
