"""CTranslate2 for real: tiny models of M2M-100's form, converted by its own converter."""

import json
from pathlib import Path

import pytest

import endpoint
from limbeck.errors import UserError
from limbeck.generation import translate
from limbeck.generation.instructions import load
from limbeck.languages import resolve
from limbeck.teacher.client import ask
from limbeck.translator import ctranslate2 as module
from limbeck.translator.ctranslate2 import CTranslate2, bound, check, sentences, split

ctranslate2 = pytest.importorskip("ctranslate2")
PROMPTS = Path(__file__).parents[3] / "config" / "prompts"
TEXTS = ["the red house is big", "a casa vermella é grande", "a cat and a dog", "un gato e un can"]


def converted(folder: Path, taught: bool) -> Path:
    """The folder of a converted model, which knows English and Galician.

    Args:
        folder: where it may lie.
        taught: to say one thing in each language; else its words have no end.
    """
    import sentencepiece
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration, M2M100Tokenizer

    pieces = folder / "sentencepiece.bpe.model"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 20), model_prefix=str(folder / "pieces"), vocab_size=60,
        model_type="bpe", minloglevel=2,
    )  # fmt: skip
    (folder / "pieces.model").rename(pieces)
    found = sentencepiece.SentencePieceProcessor(model_file=str(pieces))
    tokens = ["<s>", "<pad>", "</s>", "<unk>"]
    tokens += [found.id_to_piece(index) for index in range(3, found.get_piece_size())]
    vocabulary = folder / "vocab.json"
    known = [*tokens, "__en__", "__gl__"]
    places = {token: index for index, token in enumerate(known)}
    vocabulary.write_text(json.dumps(places))
    M2M100Tokenizer(str(vocabulary), str(pieces)).save_pretrained(folder)
    torch.manual_seed(1)
    size = M2M100Config(
        vocab_size=len(known) + 8,  # as the tokenizer of M2M-100 has
        d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
        max_position_embeddings=512,
    )  # fmt: skip
    model = M2M100ForConditionalGeneration(size).eval()
    said = [["__en__", *found.encode("a cat", out_type=str), "</s>"]]
    said += [["__gl__", *found.encode("un gato", out_type=str), "</s>"]]
    learning = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(200 if taught else 0):
        for line in said:
            labels = torch.tensor([[places[token] for token in line]] * 8)
            sources = torch.randint(4, len(tokens), (8, 12))  # whatever is to be translated
            model(input_ids=sources, labels=labels).loss.backward()
        learning.step()
        learning.zero_grad()
    model.save_pretrained(folder)
    output = folder / "converted"
    converter = ctranslate2.converters.TransformersConverter(str(folder), copy_files=[pieces.name])
    converter.convert(str(output))
    return output


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return converted(tmp_path_factory.mktemp("m2m"), taught=True)


@pytest.mark.parametrize(
    "parts",
    [
        ['He said "Go."', "Then he left.", "(See below.)", "End"],
        ["Il dit «Va.»", "Puis il part !"],
        ["ሰላም ለዓለም።", "ደህና ነኝ።"],
        ["کیا حال ہے؟", "میں ٹھیک ہوں۔"],
        ["សួស្តី។", "អរគុណ"],
        ["Բարև։", "Ինչպես ես"],
        ["It is 3.5 m…", "No?!", "Yes"],
        ["no end"],
        ["Mr. Smith, e.g. in the U.S. army, met Dr. Jones at 5 p.m. on Monday."],
        ["It was on Jan. 5, p. 7.", "J. R. R. Tolkien wrote it, i.e. Prof. Tolkien.", "So what?"],
        ["He lives in the U.S.", "She left at 5 p.m.", "No.", "Take vitamin C.", "It helps."],
    ],
)
def test_a_line_is_all_of_its_sentences(parts: list[str]) -> None:
    assert sentences(" ".join(parts)) == parts


def test_sentences_without_spaces_between_them() -> None:
    assert sentences("他说「走。」然后走了。好") == ["他说「走。」", "然后走了。", "好"]
    assert sentences(" ") == []


def test_lines_stay_lines_in_both_directions(model: Path) -> None:
    engine = CTranslate2(f"{model}:gl")
    lines = ["the red house is big. a cat and a dog!", "a cat"]
    there, back = engine.translate(lines, False), engine.translate(lines, True)
    assert len(there) == len(back) == 2
    assert engine.translate(lines, False) == there
    assert there != back, "the direction is told to the model"
    assert there == ["un gato un gato", "un gato"]
    assert engine.translate(["", *lines], False) == ["", *there]
    assert engine.translate([""], False) == [""]


def test_what_comes_to_no_end_is_no_translation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LEAST", 8)
    engine = CTranslate2(f"{converted(tmp_path, taught=False)}:gl")
    assert engine.translate(["", "a cat", "a dog. a cat"], False) == ["", None, None]


def test_a_line_that_is_too_long_is_not_cut(model: Path) -> None:
    engine = CTranslate2(f"{model}:gl")
    found = engine.translate(["a cat", "a cat " * 550, "a cat. the red house"], False)
    assert found == ["un gato", None, "un gato un gato"]
    assert engine.translate(["a cat " * 550], True) == [None]


@pytest.mark.parametrize(("longest", "tokens"), [(0, 256), (20, 256), (200, 600), (900, 1000)])
def test_long_sentences_have_long_translations(longest: int, tokens: int) -> None:
    assert bound([[], ["word"] * longest]) == tokens


def test_the_stages_requests_through_the_server(model: Path, tmp_path: Path) -> None:
    settings = endpoint.teacher(model=f"{model}:gl", structured="auto", max_tokens=9000)
    local = endpoint.connection(None, server="ctranslate2", idle=0.5)
    galician = dict(resolve("Galician").card())
    told = load(PROMPTS / "translate.yaml", translate.TEMPLATES)
    turns = [{"role": "user", "content": "a cat at https://a.org/b\n\n- 12 houses, `x = 1`"}]
    request = translate.prompt({"messages": turns}, galician, told)
    [reply] = ask([request], settings, local, tmp_path / "journal.jsonl", tmp_path)
    [said], failure = translate.translated(turns, reply)
    assert failure is None
    for kept in ("https://a.org/b", "\n\n- 12", "`x = 1`"):
        assert kept in said["content"], "whatever the model makes of the words"


def test_what_is_no_model_is_one_line(model: Path, tmp_path: Path) -> None:
    assert check(model, "gl") == ("__{}__", "en")
    with pytest.raises(UserError, match="the model does not know the language 'br'"):
        CTranslate2(f"{model}:br")
    with pytest.raises(UserError, match=r"shared_vocabulary\.json: cannot be read"):
        CTranslate2(f"{tmp_path}:br")
    (tmp_path / "shared_vocabulary.json").write_text('["__en__", "__br__"]')
    with pytest.raises(UserError, match="no model of CTranslate2 with its"):
        CTranslate2(f"{tmp_path}:br")
    with pytest.raises(UserError, match=r"names no language.*:\{code\} for NLLB"):
        split("models/nllb")
