"""Chat templates are rendered as transformers renders them, in a sandbox."""

import pytest

from limbeck.errors import UserError
from limbeck.models.chat_template import ChatTemplate

TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": 'Habari? <b>"é"</b>\n{{ 1 + 1 }}'},
    {"role": "assistant", "content": "Nzuri."},
    {"role": "user", "content": "Asante."},
]
TEMPLATES = {
    "plain": "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m['content'] }}{% endfor %}",
    "white space is trimmed": """
    {%- for m in messages %}
        {% if m['role'] == 'user' %}
    USER {{ m['content'] | trim }}
        {% endif %}
    {% endfor %}
    {%- if add_generation_prompt %}
    ANSWER
    {%- endif %}""",
    "json is not escaped": "{{ messages | tojson }} {{ messages[0] | tojson(indent=2) }}",
    "loop controls": "{% for m in messages %}{% if loop.index > 2 %}{% break %}{% endif %}"
    "{{ m.content }}{% endfor %}",
    "generation marks": "{% for m in messages %}{% generation %}{{ m.content }}"
    "{% endgeneration %}{% endfor %}",
    "namespaces": "{% set ns = namespace(n=0) %}{% for m in messages %}"
    "{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
    "missing names": "{% if tools %}tools{% endif %}{% if documents is none %}none{% endif %}"
    "{{ pad_token }}|{% if thing is defined %}x{% endif %}",
    "thinking": "{% if enable_thinking is defined and not enable_thinking %}<think></think>"
    "{% endif %}",
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_as_transformers(name: str) -> None:
    from transformers.utils.chat_template_utils import render_jinja_template

    (expected,), _ = render_jinja_template(
        [TALK],
        chat_template=TEMPLATES[name],
        add_generation_prompt=True,
        enable_thinking=False,
        **TOKENS,
    )
    assert ChatTemplate(TEMPLATES[name], TOKENS).render(TALK) == expected


REFUSED = {
    "{{ raise_exception('roles must alternate') }}": "roles must alternate",
    "{% for %}": "cannot be read",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}": "refuses a prompt",
    "{{ messages.append({}) }}": "refuses a prompt",
    "{{ messages + 1 }}": "refuses a prompt",
    "{{ messages[0].content | int / 0 }}": "refuses a prompt",
    "{{ strftime_now(1) }}": "refuses a prompt",
    "{% for i in range(1000000000) %}x{% endfor %}": "refuses a prompt",
}


@pytest.mark.parametrize("template", REFUSED)
def test_refusals_are_one_line(template: str) -> None:
    with pytest.raises(UserError, match=REFUSED[template]):
        ChatTemplate(template, TOKENS).render(TALK)
