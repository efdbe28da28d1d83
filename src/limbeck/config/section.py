"""What all sections of the config are made of."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A part of the config: closed, so that a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def without_nulls(data: Any, key: str) -> Any:
    """A section without the named entries that a config over it took away."""
    if isinstance(data, dict) and isinstance(data.get(key), dict):
        kept = {name: body for name, body in data[key].items() if body is not None}
        return {**data, key: kept}
    return data
