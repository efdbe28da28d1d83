"""The training loop: steps of even tokens, validation, and states to go on from after a kill.

Nothing here depends on when a training was killed or on how much the device takes at once: the rows
of a step are a matter of seed and epoch, and its loss is the mean over all tokens that it learns.
"""

import math
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from limbeck.config import Training
from limbeck.errors import UserError
from limbeck.student import guard, layout, muon, ranks, room, rounding, states, weights
from limbeck.student.encoding import IGNORED, Encoded
from limbeck.student.packing import Way, device, tensors

GRADIENT = 1.0  # the greatest length of a step's gradient; a longer one is shortened to it


def scheduled(step: int, steps: int, training: Training) -> float:
    """What share of its peak a rate has in a step, from 0: a linear warm-up, then the schedule."""
    warm = round(steps * training.warmup)
    if step < warm:
        return (step + 1) / warm
    progress = (step - warm) / max(1, steps - warm)
    return {
        "constant": 1.0,
        "linear": 1.0 - progress,
        "cosine": 0.5 * (1.0 + math.cos(math.pi * progress)),
    }[training.schedule]


def learned(samples: list[Encoded], rows: list[int]) -> int:
    """How many tokens of the rows are learned."""
    return sum(label != IGNORED for row in rows for label in samples[row].labels[1:])


class Loop:
    """A training that can be killed at any moment.

    Attributes:
        losses: of each step, per learned token.
        validations: step and loss, per learned token.
        tokens, placed: read so far, without and with padding.
        fitting: seconds that the look at the largest batch took.
    """

    def __init__(
        self,
        model: Any,
        samples: dict[str, list[Encoded]],
        settings: Any,
        folder: Path,
        *,
        way: Way,
        device_tokens: int,
        save_every: float,
        autocast: bool,
        longest: int | None = None,
    ) -> None:
        """``longest``: tokens of the longest row that the run may have of which this is a part."""
        self.model = model
        self.samples = samples
        self.training: Training = settings.training
        self.seed: int = settings.seed
        self.folder = folder
        self.device_tokens = device_tokens
        self.way: Way = way
        self.layout = layout.grouped if way == "alone" else layout.packed
        self.autocast = autocast
        self.longest = longest
        self.device = device(model)
        self.sharded = ranks.sharded(model)
        self.lengths = {
            name: [len(sample.input_ids) for sample in part] for name, part in samples.items()
        }
        self.epochs = layout.plan(self.lengths["train"], self.training, settings.seed)
        self.steps = [step for epoch in self.epochs for step in epoch]
        self.weights = {
            name: weight for name, weight in model.named_parameters() if weight.requires_grad
        }
        self.optimizer = self._optimizer()
        self.clock = states.Clock(save_every)
        self.begun = time.monotonic()
        self.losses: list[float] = []
        self.validations: list[dict[str, float]] = []
        self.tokens = self.placed = 0
        self.fitting = 0.0

    def run(self) -> None:
        """Train, and leave the first rank's model with the weights of its best validation."""
        self._look_at_disk()
        self._resume()
        self.model.train()
        due = self._validation_steps()
        while len(self.losses) < len(self.steps) and not self._stopped():
            self._step(self.steps[len(self.losses)])
            step = len(self.losses)
            self._tell()
            if not self.fitting:  # the optimizer has by now what it keeps of each weight
                self._fit()
            if step in due:
                self._validate()
            if step < len(self.steps) and self._due():
                self.clock.measure(self._save)
        self._restore_best()

    def evaluate(self) -> float:
        """The loss per learned token over the validation rows."""
        samples, lengths = self.samples["validation"], self.lengths["validation"]
        rows = list(range(len(samples)))
        count = learned(samples, rows)
        self.model.eval()
        with torch.no_grad():
            batches = self._batches(lengths, rows)
            parts = [float(part) for part in self._losses(samples, batches, count)]
        self.model.train()
        return ranks.total(math.fsum(parts))

    def seconds(self) -> float:
        """What it took so far, also before a kill, without the look at its largest batch."""
        return time.monotonic() - self.begun - self.fitting

    def _step(self, rows: list[int]) -> None:
        samples, lengths = self.samples["train"], self.lengths["train"]
        count = learned(samples, rows)
        step = len(self.losses)
        loss = 0.0
        batches = self._batches(lengths, rows)
        self._draw("dropout", step, ranks.rank())
        for part in self._losses(samples, batches, count):
            part.backward()
            loss += float(part.detach())
        loss = ranks.total(loss)
        ranks.add_gradients(list(self.weights.values()))
        norm = torch.nn.utils.clip_grad_norm_(self.weights.values(), GRADIENT)
        norm = ranks.everywhere(norm)
        first = self.losses[0] if self.losses else loss
        vocabulary = self.model.get_input_embeddings().num_embeddings
        guard.check_step(step + 1, loss, float(norm), first, vocabulary)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * scheduled(step, len(self.steps), self.training)
        # Ranks draw alike where they hold the same weights.
        self._draw("rounding", step, ranks.rank() if self.sharded else 0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.losses.append(loss)
        self.placed += sum(layout.size(lengths, batch) for batch in batches)
        self.tokens += sum(lengths[row] for row in rows)

    def _batches(self, lengths: list[int], rows: layout.Rows) -> list[layout.Batch]:
        """Of rows: what a device takes at once, and some for each rank."""
        tokens = self.device_tokens
        if ranks.count() > 1:
            share = sum(lengths[row] for row in rows) / ranks.count()
            tokens = min(tokens, math.ceil(1.1 * share))  # padding among them
        return self.layout(lengths, rows, tokens)

    def _draw(self, what: str, step: int, rank: int = 0) -> None:
        """Begin the random numbers of a part of a step, whatever came before it."""
        torch.manual_seed(random.Random(f"{self.seed}/{what}/{step}/{rank}").getrandbits(63))

    def _fit(self) -> None:
        """Read the largest batch that will come, and forget it."""
        begun = time.monotonic()
        samples, steps = self.samples["train"], self.steps
        if self.longest:  # then of a step of such rows
            training = self.training
            count = training.step_rows or math.ceil(training.step_tokens / self.longest)
            samples = room.full(samples, self.longest, count)
            steps = [list(range(count))]
        batch = room.largest(samples, steps, self._batches)
        tokens = layout.size([len(sample.input_ids) for sample in samples], batch)
        with room.needed(tokens, self.device):
            self._loss(samples, batch, tokens).backward()
        self.optimizer.zero_grad(set_to_none=True)
        self.fitting = time.monotonic() - begun

    def _losses(
        self, samples: list[Encoded], batches: Sequence[layout.Batch], count: int
    ) -> Iterator[Any]:
        """The losses of this rank's batches. Where weights are sharded all ranks read as many."""
        for batch, counts in ranks.share(batches, even=self.sharded):
            yield self._loss(samples, batch, count) * float(counts)

    def _loss(self, samples: list[Encoded], batch: layout.Batch, count: int) -> Any:
        """The share of a batch in the mean loss of ``count`` learned tokens."""
        inputs = tensors(samples, batch, self.way, self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            if self.device.type == "cpu":
                return self._lean_loss(inputs, count)
            items = torch.tensor(count, device=self.device)
            return self.model(**inputs, num_items_in_batch=items, use_cache=False).loss

    def _lean_loss(self, inputs: dict[str, Any], count: int) -> Any:
        """As the model's own, with logits for the learned tokens alone.

        Most tokens of a row are a prompt's. Where no fused kernel sees to it, their logits were an
        eighth of the work.
        """
        labels = torch.nn.functional.pad(inputs.pop("labels"), (0, 1), value=IGNORED)[:, 1:]
        chosen = labels != IGNORED
        head = self.model.get_output_embeddings()
        hook = head.register_forward_pre_hook(lambda _, given: (given[0][chosen][None],))
        try:
            logits = self.model(**inputs, use_cache=False).logits[0].float()
        finally:
            hook.remove()
        return torch.nn.functional.cross_entropy(logits, labels[chosen], reduction="sum") / count

    def _optimizer(self) -> Any:
        training, betas = self.training, (0.9, self.training.beta2)
        turns = training.optimizer == "muon"
        inner = set(map(id, self.model.get_decoder().layers.parameters())) if turns else set()
        parts: dict[tuple[bool, bool], list[Any]] = {}
        for weight in self.weights.values():
            kind = weight.dim() > 1, id(weight) in inner and weight.dim() == 2
            parts.setdefault(kind, []).append(weight)
        rate = training.learning_rate
        rest = (training.adamw_learning_rate or rate) if turns else rate
        groups = [
            {"params": part, "weight_decay": training.weight_decay if wide else 0.0,
             "orthogonal": orthogonal, "peak": rate if orthogonal else rest}
            for (wide, orthogonal), part in parts.items()
        ]  # fmt: skip
        if training.memory in ("bfloat16", "adam8bit"):
            small = training.memory == "adam8bit"
            return rounding.RoundedAdamW(groups, betas, eight_bits=small)
        return (muon.Muon if turns else torch.optim.AdamW)(groups, betas=betas, fused=True)

    def _validation_steps(self) -> set[int]:
        """After which steps the validation rows are read: evenly over an epoch, and the last."""
        if not self.samples["validation"]:
            return set()
        found, before = {len(self.steps)}, 0
        for epoch in self.epochs:
            times = self.training.validations
            found |= {before + round(len(epoch) * (part + 1) / times) for part in range(times)}
            before += len(epoch)
        return found - {0}

    def _validate(self) -> None:
        loss = self.evaluate()
        step = len(self.losses)
        guard.check_validation(step, loss)
        print(f"step {step}/{len(self.steps)}: validation loss {loss:.4f}", flush=True)
        if all(loss < item["loss"] for item in self.validations):
            states.write({"step": step, "weights": self.trained()}, self.folder / "best.pt")
        self.validations.append({"step": step, "loss": loss})

    def _best(self) -> int:
        """The number of the best validation."""
        found = [item["loss"] for item in self.validations]
        return found.index(min(found))

    def _stopped(self) -> bool:
        """Whether so many validations in a row were no better than an earlier one."""
        patience = self.training.patience
        if patience is None or not self.validations:
            return False
        return len(self.validations) - 1 - self._best() >= patience

    def _restore_best(self) -> None:
        writes = self.sharded or ranks.rank() == 0  # of whole weights the others' are not asked for
        if writes and self.validations and self._best() < len(self.validations) - 1:
            best = states.read(self.folder / "best.pt")
            self._load(best["weights"])
            print(f"training: the weights of step {best['step']}, of the best validation, are kept")

    def _tell(self) -> None:
        """A line for every tenth of the way."""
        step, steps = len(self.losses), len(self.steps)
        if step == 1 or step * 10 // steps > (step - 1) * 10 // steps:
            print(f"step {step}/{steps}: loss {self.losses[-1]:.4f}", flush=True)

    def _look_at_disk(self) -> None:
        """Tell what the states take, or that there is no room for them."""
        trained = sum(weight.nbytes for weight in self.weights.values())
        state, best, most = weights.kept(trained, self.training.memory)
        self.folder.mkdir(parents=True, exist_ok=True)
        own = {
            name: path.stat().st_size if (path := self.folder / name).is_file() else 0
            for name in ("state.pt", "best.pt")
        }
        free = shutil.disk_usage(self.folder).free
        if self.samples["validation"] and free + own["best.pt"] < best:
            raise UserError(
                f"{self.folder}: {free / 1e9:.1f} GB are free, and the weights of the best "
                f"validation take {trained / 1e9:.1f}, twice that while better ones are written"
            )
        if free + sum(own.values()) < most:
            self.clock.seconds = math.inf
            print(
                f"training: nothing is saved in between ({free / 1e9:.1f} GB are free, and two "
                f"states take {2 * state / 1e9:.1f}); a kill costs all that was done"
            )
        elif state > 1e9:
            print(
                f"training: its state takes {state / 1e9:.0f} GB in {self.folder}, twice that "
                "while one is written"
            )

    def trained(self) -> dict[str, Any]:
        """The trained weights; in the first rank they are whole."""
        return dict(ranks.whole(self.weights))

    def _due(self) -> bool:
        """Whether to save; all ranks do, where what is saved are parts of each."""
        return ranks.first_says(self.clock.due()) if self.sharded else self.clock.due()

    def _save(self) -> None:
        state = {
            "weights": self.trained(),
            "optimizer": ranks.whole(self.optimizer.state_dict()),
            "losses": self.losses,
            "validations": self.validations,
            "tokens": self.tokens,
            "placed": self.placed,
            "seconds": self.seconds(),
        }
        states.write(state, self.folder / "state.pt")

    def _resume(self) -> None:
        path = self.folder / "state.pt"
        if not path.is_file():
            return
        state = states.read(path)
        self._load(state["weights"])
        moments = state["optimizer"]["state"]
        weights = [weight for group in self.optimizer.param_groups for weight in group["params"]]
        for number, kept in moments.items():
            moments[number] = {
                name: ranks.spread(value, weights[number]) for name, value in kept.items()
            }
        self.optimizer.load_state_dict(state["optimizer"])
        self.losses, self.validations = state["losses"], state["validations"]
        self.tokens, self.placed = state["tokens"], state["placed"]
        self.begun -= state["seconds"]
        print(f"training: goes on after step {len(self.losses)}")

    def _load(self, weights: dict[str, Any]) -> None:
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(ranks.spread(weights[name], weight))
