"""A translator's reply to a request of the OpenAI chat form.

It answers requests for a Translation (out of English) or a BackTranslation (into it), whose
conversation is JSON between tags; the schemas' names are the contract with the stages.
"""

import json

from limbeck.errors import UserError
from limbeck.files import outside
from limbeck.serving.request import BadRequest, Body, CutError, described, last_user, tagged
from limbeck.translator import marks
from limbeck.translator.pool import Translator

BACK = {"Translation": False, "BackTranslation": True}


async def reply(body: Body, translator: Translator) -> tuple[str, str | None]:
    """The conversation translated, as JSON.

    Raises:
        BadRequest: something else is asked, or the engine cannot translate so.
        CutError: the translation of a line comes to no end.
    """
    back = BACK.get(described(body).get("name") or "")
    if back is None:
        raise BadRequest(
            "a translator only translates: the request has no schema with the name "
            f"{' or '.join(BACK)}"
        )
    try:
        turns = outside.loads(tagged(last_user(body), "conversation"))
        texts = [str(turn["content"]) for turn in turns]
        roles = [turn["role"] for turn in turns]
    except (ValueError, TypeError, KeyError):
        raise BadRequest("there is no conversation between its tags") from None

    async def engine(lines: list[str]) -> list[str]:
        said = await translator.translate(lines, back)
        whole = [line for line in said if line is not None]
        if len(whole) < len(said):
            raise CutError
        return whole

    try:
        found = await marks.translate(texts, engine)
    except UserError as error:
        raise BadRequest(str(error)) from None
    pairs = zip(roles, found, strict=True)
    messages = [{"role": role, "content": content} for role, content in pairs]
    return json.dumps({"messages": messages}, ensure_ascii=False), None
