"""The built-in base: a tokenizer trained on the training text, a small Llama of random weights."""

import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from limbeck.config import Architecture
from limbeck.errors import UserError
from limbeck.files import Row, write_json, write_text

UNKNOWN, BOS, EOS, PAD = "<unk>", "<s>", "</s>", "<pad>"
# Control tokens are no text: they mark turns, and a decoder leaves them out.
CONTROL = ["<|system|>", "<|user|>", "<|assistant|>"]
# Symbols are text that is always one token.
SYMBOLS = ["<think>", "</think>"]
CONTEXT = 2048  # tokens; positions are rotary, so a longer context costs nothing here
BLOCK = 256  # llama.cpp's K-quants take rows in blocks of 256 weights


def create(rows: list[Row], architecture: Architecture, seed: int, output: Path) -> None:
    """Write the built-in base to the folder ``output`` in the form of a Hugging Face checkpoint.

    ``rows`` are training rows alone: text that is held out must not shape the tokenizer.

    Raises:
        UserError: the text is too small or too varied for the vocabulary.
    """
    output.mkdir(parents=True, exist_ok=True)
    model = train_sentencepiece(_lines(rows), architecture.vocabulary)
    (output / "tokenizer.model").write_bytes(model)
    template = chat_template(rows)
    tokenizer = fast_tokenizer(model, template)
    _assert_agreement(model, tokenizer, rows[:: max(1, len(rows) // 200)])
    tokenizer.save_pretrained(output)
    write_text(output / "chat_template.jinja", template)
    _name_added_tokens(output / "tokenizer_config.json", tokenizer)
    _save_model(architecture, len(tokenizer), seed, output)


def chat_template(rows: Iterable[Row]) -> str:
    """The chat template, with the system prompt of the thinking rows as its thinking switch.

    Rows whose answers are short ask for that after it.
    """
    prompts = {
        row["messages"][0]["content"]
        for row in rows
        if row.get("form") == "thinking" and row["messages"][0]["role"] == "system"
    }
    switch = min(prompts, key=len, default="")
    if not all(prompt.startswith(switch) for prompt in prompts):
        raise UserError(
            f"training set: {len(prompts)} system prompts of thinking rows; one is wanted, "
            "since it becomes the thinking switch of the chat template"
        )
    text = Path(__file__).with_name("chat_template.jinja").read_text(encoding="utf-8")
    # A JSON string is a Jinja string; only the characters of Jinja's own marks could do harm.
    literal = json.dumps(switch, ensure_ascii=False)
    return text.replace("THINKING_PROMPT", literal.replace("{", "\\x7b").replace("%", "\\x25"))


def train_sentencepiece(lines: Iterator[str], vocabulary: int) -> bytes:
    """A SentencePiece BPE model with byte fallback, as bytes.

    Nothing is normalised and no space is put before a text, so that decoding gives back exactly
    what was encoded, and llama.cpp, which does neither, agrees.
    """
    import sentencepiece

    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=lines,
            model_writer=model,
            model_type="bpe",
            vocab_size=vocabulary,
            byte_fallback=True,
            character_coverage=0.9995,
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            split_digits=True,
            max_sentence_length=1 << 20,  # the default drops lines over 4 KB
            input_sentence_size=200_000,
            shuffle_input_sentence=True,
            num_threads=1,
            unk_id=0,
            bos_id=1,
            eos_id=2,
            pad_id=3,
            unk_piece=UNKNOWN,
            bos_piece=BOS,
            eos_piece=EOS,
            pad_piece=PAD,
            control_symbols=CONTROL,
            user_defined_symbols=SYMBOLS,
            minloglevel=2,
        )
    except (RuntimeError, OSError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise UserError(
            f"architecture.vocabulary: {vocabulary} pieces do not fit this text ({reason})"
        ) from None
    return model.getvalue()


def fast_tokenizer(model: bytes, template: str) -> Any:
    """The Hugging Face tokenizer that splits text as the SentencePiece ``model`` does."""
    import sentencepiece
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers
    from transformers import PreTrainedTokenizerFast

    pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
    names = [pieces.id_to_piece(index) for index in range(pieces.get_piece_size())]
    vocabulary = {name: index for index, name in enumerate(names)}
    merges = [
        (name[:cut], name[cut:])
        for index, name in enumerate(names)
        if not (pieces.is_control(index) or pieces.is_byte(index) or pieces.is_unknown(index))
        if name not in SYMBOLS
        for cut in range(1, len(name))
        if name[:cut] in vocabulary and name[cut:] in vocabulary
    ]
    backend = Tokenizer(
        models.BPE(vocabulary, merges, unk_token=UNKNOWN, fuse_unk=True, byte_fallback=True)
    )
    backend.normalizer = normalizers.Replace(" ", "▁")
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    special = [AddedToken(name, special=True, normalized=False) for name in CONTROL]
    backend.add_special_tokens(special)
    backend.add_tokens([AddedToken(name, normalized=False) for name in SYMBOLS])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        unk_token=UNKNOWN,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        extra_special_tokens=CONTROL,
        chat_template=template,
        clean_up_tokenization_spaces=False,
        model_max_length=CONTEXT,
        add_prefix_space=False,  # read by llama.cpp's converter
    )


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        for message in row["messages"]:
            yield from filter(None, message["content"].split("\n"))


def _assert_agreement(model: bytes, tokenizer: Any, rows: Iterable[Row]) -> None:
    import sentencepiece

    pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
    for line in _lines(rows):
        ours, theirs = tokenizer.encode(line, add_special_tokens=False), pieces.encode(line)
        assert ours == theirs, f"the two tokenizers differ on {line!r}: {ours} != {theirs}"


def _name_added_tokens(path: Path, tokenizer: Any) -> None:
    """Name the added tokens, and that no BOS is added, where llama.cpp's converter looks for it."""
    body = json.loads(path.read_text(encoding="utf-8"))
    body["tokenizer_class"] = "PreTrainedTokenizerFast"
    body |= {"add_bos_token": False, "add_eos_token": False}
    body["added_tokens_decoder"] = {
        str(index): {
            "content": token.content,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
            "special": token.content not in SYMBOLS,
        }
        for index, token in sorted(tokenizer.added_tokens_decoder.items())
    }
    write_json(path, body)


def _save_model(architecture: Architecture, vocabulary: int, seed: int, output: Path) -> None:
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    width = architecture.width
    if width % architecture.heads:
        raise UserError(
            f"architecture: width {width} cannot be shared by {architecture.heads} heads"
        )
    logging.disable_progress_bar()
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=round(width * 8 / 3 / BLOCK) * BLOCK,
        num_hidden_layers=architecture.layers,
        num_attention_heads=architecture.heads,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=3,
        dtype="float32",
        # Llama's own 0.02 is for widths of thousands; a small one learns much faster from this.
        initializer_range=width**-0.5,
    )
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config)
    with torch.no_grad():  # what layers add up stays as large as one of them (GPT-2, section 2.3)
        for layer in model.model.layers:
            for into in (layer.self_attn.o_proj, layer.mlp.down_proj):
                into.weight.div_((2 * architecture.layers) ** 0.5)
    model.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=2, pad_token_id=3)
    model.save_pretrained(output)
    millions = sum(weight.numel() for weight in model.parameters()) / 1e6
    print(f"built-in base: {vocabulary:,} pieces, {millions:.1f} million random weights")
