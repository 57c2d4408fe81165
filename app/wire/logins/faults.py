"""What is wrong with a description, in words: which key, and what is allowed there."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError


def with_what_is_allowed(
    error: ValidationError, root: type[BaseModel], beside: tuple[str, ...] = ()
) -> ValidationError:
    """Return the same faults; one about a key that is not known says which are, `beside` them at the top."""
    faults: list[InitErrorDetails] = []
    for fault in error.errors():
        kind, message = fault["type"], fault["msg"].removeprefix("Value error, ")
        if kind == "extra_forbidden":
            path = [str(part) for part in fault["loc"]]
            allowed = sorted({*_allowed_beside(root, path), *(beside if len(path) == 1 else ())})
            message = f"is not a known key; allowed there are {', '.join(allowed)}"
        elif kind == "missing":
            message = "is missing"
        faults.append(_fault(tuple(fault["loc"]), message))
    return ValidationError.from_exception_data("description", faults, hide_input=True)


def fault_at(place: str, message: str) -> ValidationError:
    """Return the fault of one key, written with dots."""
    return ValidationError.from_exception_data(
        "description", [_fault(tuple(place.split(".")), message)], hide_input=True
    )


def fault_of(error: ValueError, otherwise: str) -> ValidationError:
    """Return a ValueError that begins with the key at fault as the fault of that key."""
    place, colon, message = str(error).partition(": ")
    if not colon or " " in place:
        return fault_at(otherwise, str(error))
    return fault_at(place, message)


def _fault(place: tuple[Any, ...], message: str) -> InitErrorDetails:
    told = PydanticCustomError("description", "{message}", {"message": message})
    return InitErrorDetails(type=told, loc=place, input=None)


def _allowed_beside(root: type[BaseModel], path: list[str]) -> list[str]:
    model: Any = root
    for name in path[:-1]:
        field = next((each for key, each in model.model_fields.items() if name in (key, each.alias)), None)
        inner = _model_in(field.annotation) if field is not None else None
        model = inner or model
    return [each.alias or name for name, each in model.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    """Return the model within an annotation, however deep it lies."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each)) is not None), None)
