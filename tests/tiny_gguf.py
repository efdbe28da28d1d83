"""A GGUF file of a few thousand random weights, made on the spot."""

from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np

TEMPLATE = (
    "{%- if enable_thinking is defined and enable_thinking and messages[0]['role'] != 'system' -%}"
    "<|system|>template</s>{%- endif -%}"
    "{%- for message in messages -%}<|{{ message['role'] }}|>{{ message['content'] }}</s>"
    "{%- endfor -%}{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}"
)
WIDTH, HIDDEN, CONTEXT = 32, 64, 128


def write(
    path: Path,
    context: int = CONTEXT,
    bytes_missing: bool = False,
    also: Callable[[gguf.GGUFWriter], None] = lambda writer: None,
) -> None:
    """Write a one-layer Llama whose tokens are bytes and the template's marks.

    Without its bytes llama.cpp loads it, and ends the process that has a text split by it.
    ``also`` adds more to the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // 2)
    special = ["<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>"]
    tokens = ["<unk>", *special, *(f"<0x{byte:02X}>" for byte in range(256)), "a", "b"]
    if bytes_missing:
        tokens = [token.replace("<0x", "<0y") for token in tokens]
    kinds = gguf.TokenType
    types = [kinds.UNKNOWN, *[kinds.CONTROL] * 5, *[kinds.BYTE] * 256, kinds.NORMAL, kinds.NORMAL]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)
    random = np.random.default_rng(1)
    shapes = {
        "token_embd.weight": (len(tokens), WIDTH),
        "output.weight": (len(tokens), WIDTH),
        "output_norm.weight": (WIDTH,),
        "blk.0.attn_norm.weight": (WIDTH,),
        "blk.0.ffn_norm.weight": (WIDTH,),
        "blk.0.attn_q.weight": (WIDTH, WIDTH),
        "blk.0.attn_k.weight": (WIDTH, WIDTH),
        "blk.0.attn_v.weight": (WIDTH, WIDTH),
        "blk.0.attn_output.weight": (WIDTH, WIDTH),
        "blk.0.ffn_gate.weight": (HIDDEN, WIDTH),
        "blk.0.ffn_up.weight": (HIDDEN, WIDTH),
        "blk.0.ffn_down.weight": (WIDTH, HIDDEN),
    }
    for name, shape in shapes.items():
        writer.add_tensor(name, random.normal(0, 0.1, shape).astype(np.float32))
    also(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
