// Search in the samples: every word must be there. Works on what the page already holds.
"use strict";
const FIRST = 15; // shown before "Show all"
for (const form of document.querySelectorAll("form.search")) {
  const section = form.closest("section");
  const samples = [...section.querySelectorAll(".sample")];
  const texts = samples.map((sample) => sample.textContent.toLowerCase());
  const said = form.querySelector("output");
  const more = section.querySelector(".more");
  let limit = FIRST;
  const mark = (words) => {
    if (!globalThis.Highlight) return;
    const ranges = [];
    for (const sample of words.length ? samples : []) {
      if (sample.hidden) continue;
      const walk = document.createTreeWalker(sample, NodeFilter.SHOW_TEXT);
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const text = node.data.toLowerCase();
        if (text.length !== node.data.length) continue;
        for (const word of words) {
          for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
            const range = new Range();
            range.setStart(node, at);
            range.setEnd(node, at + word.length);
            ranges.push(range);
          }
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  };
  const show = () => {
    const words = form.querySelector("[type=search]").value.toLowerCase().split(/\s+/).filter(Boolean);
    const strategy = form.elements.strategy.value;
    let found = 0;
    samples.forEach((sample, index) => {
      const right = !strategy || sample.dataset.strategy === strategy;
      const fits = right && words.every((word) => texts[index].includes(word));
      found += fits ? 1 : 0;
      sample.hidden = !fits || found > limit;
    });
    more.hidden = found <= limit;
    said.textContent = `${found} of ${samples.length}`;
    mark(words);
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => {
    limit = Infinity;
    show();
  });
  show();
}
