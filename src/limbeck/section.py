"""What all sections of the config are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A part of the config: closed, so that a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
