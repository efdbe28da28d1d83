"""Teachers' replies: each says one label, or nothing."""

import pytest

from limbeck.classification.replies import parse

SENTIMENT = ["negative", "positive"]
TOPIC = ["science/technology", "travel", "politics", "sports", "health", "entertainment"]
INTENT = [
    "alarm_query",
    "audio_volume_down",
    "calendar_remove",
    "cooking_recipe",
    "datetime_convert",
    "email_sendemail",
    "play_audiobook",
    "recommendation_movies",
    "transport_ticket",
    "weather_query",
]
SARCASM = ["not sarcastic", "sarcastic"]
ALIASES = {
    "technology": "science/technology",
    "tech": "science/technology",
    "sport": "sports",
    "weather": "weather_query",
    "ironic": "sarcastic",
}

REPLIES = [
    # the label as it stands, in any dress
    ("positive", SENTIMENT, "positive"),
    ("Positive.", SENTIMENT, "positive"),
    ("  POSITIVE\n", SENTIMENT, "positive"),
    ("**Negative**", SENTIMENT, "negative"),
    ('"negative"', SENTIMENT, "negative"),
    ("`positive`", SENTIMENT, "positive"),
    ("Science/Technology", TOPIC, "science/technology"),
    ("science / technology", TOPIC, "science/technology"),
    ("Technology", TOPIC, "science/technology"),
    ("sport", TOPIC, "sports"),
    ("audio volume down", INTENT, "audio_volume_down"),
    ("Audio_Volume_Down", INTENT, "audio_volume_down"),
    ("ｐｏｓｉｔｉｖｅ", SENTIMENT, "positive"),
    ("not sarcastic", SARCASM, "not sarcastic"),
    ("Sarcastic", SARCASM, "sarcastic"),
    # numbers count from 1
    ("1", INTENT, "alarm_query"),
    ("10", INTENT, "weather_query"),
    ("10) weather query", INTENT, "weather_query"),
    ("10. weather_query", INTENT, "weather_query"),
    ("(2)", SENTIMENT, "positive"),
    ("Option 2: positive", SENTIMENT, "positive"),
    ("0", INTENT, None),
    ("11", INTENT, None),
    ("1) weather query", INTENT, None),  # the number and the name disagree
    # sentences
    ("I think it is positive.", SENTIMENT, "positive"),
    ("Label: positive", SENTIMENT, "positive"),
    ("Answer: politics", TOPIC, "politics"),
    ("The topic of this text is health.", TOPIC, "health"),
    ("The user asks about the weather, so: weather_query", INTENT, "weather_query"),
    ("positive, because the writer is not negative about it", SENTIMENT, "positive"),
    ("Positive (not negative)", SENTIMENT, "positive"),
    ("negative\n\nThe writer complains about the positive reviews.", SENTIMENT, "negative"),
    ("This text is not sarcastic.", SARCASM, "not sarcastic"),
    ("<think>positive or negative? The writer complains.</think>negative", SENTIMENT, "negative"),
    # forms
    ('{"label": "positive"}', SENTIMENT, "positive"),
    ('```json\n{"label": "weather_query"}\n```', INTENT, "weather_query"),
    ('{"label": 2}', SENTIMENT, "positive"),
    ('{"label": null}', SENTIMENT, None),
    # nothing, or no one thing
    ("", SENTIMENT, None),
    ("   \n", SENTIMENT, None),
    ("I'm sorry, but I can't help with that.", SENTIMENT, None),
    ("positive, negative", SENTIMENT, None),
    ("positive\nnegative", SENTIMENT, None),
    ("It could be positive or negative.", SENTIMENT, None),
    ("It is not positive.", SENTIMENT, None),
    ("This isn't positive at all", SENTIMENT, None),
    ("neutral", SENTIMENT, None),
    ("health and sports", TOPIC, None),
    ("healthy", TOPIC, None),
    ("The answer is 42 degrees", SENTIMENT, None),
    ("chanya", SENTIMENT, None),
]


@pytest.mark.parametrize(("reply", "labels", "expected"), REPLIES)
def test_replies(reply: str, labels: list[str], expected: str | None) -> None:
    aliases = {name: label for name, label in ALIASES.items() if label in labels}
    assert parse(reply, labels, aliases) == expected


def test_there_are_enough_of_them() -> None:
    assert len(REPLIES) >= 40


@pytest.mark.parametrize(
    "reply",
    ["a" + " " * 200_000 + "b", "a" + " \n" * 100_000, "9" * 5_000, "option " + "7" * 5_000],
)
def test_odd_replies_name_no_label_in_linear_time(reply: str) -> None:
    """By the square of the length it would take hours."""
    assert parse(reply, ["positive", "negative"]) is None
