// Pairs of answers, one at a time. All that others wrote goes in as text; what the rater chose is
// kept by the browser, where it allows that, and saved as a file.
"use strict";
const by = (id) => document.getElementById(id);
const data = JSON.parse(by("data").textContent);
const KEY = `limbeck-raters-${data.page}`;
const read = () => {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return { rater: String(kept.rater), answers: { ...kept.answers } };
  } catch {
    return { rater: "", answers: {} };
  }
};
const state = read();
const keep = () => {
  try {
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    // A browser that keeps nothing: the file is what counts.
  }
};
const answered = (pair) => Object.hasOwn(state.answers, pair.id);
const missing = () => data.pairs.findIndex((pair) => !answered(pair));
let place = Math.max(0, missing());
const add = (parent, name, text, kind) => {
  const child = parent.appendChild(document.createElement(name));
  if (kind) child.className = kind;
  if (text !== undefined) child.textContent = text;
  return child;
};
const said = (parent, text) => {
  const shown = add(parent, "p", text || "(nothing)", text ? "said" : "said soft");
  shown.dir = "auto";
};
const show = () => {
  const pair = data.pairs[place];
  const target = by("said");
  target.replaceChildren();
  pair.turns.forEach((turn, index) => {
    const asked = add(target, "div", undefined, "turn");
    add(asked, "small", index ? "then the user said" : "the user said");
    said(asked, turn);
    const answers = add(target, "div", undefined, "answers");
    for (const [side, name] of [["first", "First answer"], ["second", "Second answer"]]) {
      const figure = add(answers, "figure");
      add(figure, "h4", name);
      said(figure, pair[side][index]);
    }
  });
  const done = data.pairs.filter(answered).length;
  const count = data.pairs.length;
  by("number").textContent = `Pair ${place + 1} of ${count}`;
  by("place").textContent = `${done} of ${count} judged`;
  by("progress").style.width = `${(100 * done) / count}%`;
  by("back").disabled = place === 0;
  by("next").disabled = place === count - 1;
  by("state").textContent =
    done < count
      ? `${count - done} pairs are still to be judged. You can save what there is, and go on later.`
      : "All pairs are judged. Save the answers, and send the file back.";
  by("save").disabled = done === 0 || by("rater").value.trim() === "";
  for (const button of document.querySelectorAll("[data-better]")) {
    button.ariaPressed = String(state.answers[pair.id] === button.dataset.better);
  }
};
const go = (to) => {
  place = Math.min(data.pairs.length - 1, Math.max(0, to));
  show();
  scrollTo(0, by("pair").offsetTop);
};
for (const button of document.querySelectorAll("[data-better]")) {
  button.addEventListener("click", () => {
    state.answers[data.pairs[place].id] = button.dataset.better;
    keep();
    if (missing() < 0) {
      show();
      by("finish").scrollIntoView();
    } else if (place < data.pairs.length - 1) {
      go(place + 1);
    } else {
      go(missing());
    }
  });
}
by("back").addEventListener("click", () => go(place - 1));
by("next").addEventListener("click", () => go(place + 1));
by("rater").value = state.rater;
by("rater").addEventListener("input", () => {
  state.rater = by("rater").value.trim();
  keep();
  show();
});
by("save").addEventListener("click", () => {
  const { form, language, page, seed } = data;
  // Of this page alone, whatever the browser had kept under its name.
  const own = data.pairs.filter(answered).map((pair) => [pair.id, state.answers[pair.id]]);
  const file = { form, language, page, seed, rater: state.rater, answers: Object.fromEntries(own) };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(
    new Blob([`${JSON.stringify(file, null, 2)}\n`], { type: "application/json" }),
  );
  const name = state.rater.replace(/[^\p{L}\p{N}]+/gu, "-");
  link.download = `raters-${language}-${name}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
});
by("anew").addEventListener("click", () => {
  if (!confirm("Forget all answers on this page? Save them first.")) return;
  state.answers = {};
  state.rater = by("rater").value = "";
  keep();
  go(0);
});
show();
