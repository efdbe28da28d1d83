// Search in samples, answers and languages: every word must be there, whatever its accents. The
// leaderboard is sorted by a click on a head. All of it works on what the page already holds.
"use strict";
const FIRST = 15; // shown before "Show all"
// Marks that are written above or below a letter of these scripts; elsewhere a mark may be a vowel.
const MARKS = /(?<=[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Arab}\p{sc=Hebr}]\p{M}*)\p{M}/gu;
const plain = (text) => text.normalize("NFD").replace(MARKS, "").toLowerCase();
// A text as it is searched, and where each of its characters came from.
const traced = (text) => {
  let searched = "";
  const from = [];
  const segments = new Intl.Segmenter().segment(text);
  for (const { segment, index } of segments) {
    const own = plain(segment);
    searched += own;
    for (let at = 0; at < own.length; at += 1) from.push([index, index + segment.length]);
  }
  return { searched, from };
};
const found = new Map(); // form -> ranges of the words that were found
const mark = (form, samples, words) => {
  if (!globalThis.Highlight) return;
  const ranges = [];
  for (const sample of words.length ? samples : []) {
    if (sample.hidden) continue;
    const walk = document.createTreeWalker(sample, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const { searched, from } = traced(node.data);
      for (const word of words) {
        for (let at = searched.indexOf(word); at >= 0; at = searched.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(node, from[at][0]);
          range.setEnd(node, from[at + word.length - 1][1]);
          ranges.push(range);
        }
      }
    }
  }
  found.set(form, ranges);
  CSS.highlights.set("found", new Highlight(...[...found.values()].flat()));
};
for (const form of document.querySelectorAll("form.search")) {
  const section = form.closest("section");
  const samples = [...section.querySelectorAll(".sample")];
  const texts = samples.map((sample) => plain(sample.textContent));
  const said = form.querySelector("output");
  const more = section.querySelector(".more");
  let limit = FIRST;
  const show = () => {
    const words = plain(form.querySelector("[type=search]").value).split(/\s+/).filter(Boolean);
    const kinds = [...form.querySelectorAll("[type=radio]:checked")].filter((one) => one.value);
    let fitting = 0;
    samples.forEach((sample, index) => {
      const right = kinds.every((kind) => sample.dataset[kind.name] === kind.value);
      const fits = right && words.every((word) => texts[index].includes(word));
      fitting += fits ? 1 : 0;
      sample.hidden = !fits || fitting > limit;
    });
    more.hidden = fitting <= limit;
    said.textContent = `${fitting} of ${samples.length}`;
    mark(form, samples, words);
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => {
    limit = Infinity;
    show();
  });
  show();
}
for (const form of document.querySelectorAll("form.find")) {
  const languages = [...form.closest("section").querySelectorAll(".board tbody")];
  const texts = languages.map((language) => plain(language.querySelector("th").textContent));
  const show = () => {
    const words = plain(form.querySelector("input").value).split(/\s+/).filter(Boolean);
    languages.forEach((language, index) => {
      language.hidden = !words.every((word) => texts[index].includes(word));
    });
    const left = languages.filter((language) => !language.hidden).length;
    form.querySelector("output").textContent = `${left} of ${languages.length}`;
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
}
for (const table of document.querySelectorAll(".board table")) {
  const heads = [...table.querySelectorAll("thead th")];
  const order = new Intl.Collator();
  heads.forEach((head, column) => {
    head.querySelector(".sort").addEventListener("click", () => {
      const cells = (language) => language.rows[0].cells[column];
      const number = (language) => Number(cells(language).dataset.value ?? -1);
      const name = (language) => cells(language).textContent.trim();
      // Names from the first letter on, figures from the highest down; a second click turns it.
      const first = column === 0 ? "ascending" : "descending";
      const turned = head.ariaSort === first;
      const sign = (column === 0 ? 1 : -1) * (turned ? -1 : 1);
      const compare = column === 0 ? (a, b) => order.compare(name(a), name(b)) : (a, b) => number(a) - number(b);
      const sorted = [...table.tBodies].sort((a, b) => sign * compare(a, b));
      for (const other of heads) other.ariaSort = null;
      head.ariaSort = turned ? { ascending: "descending", descending: "ascending" }[first] : first;
      table.tHead.after(...sorted);
    });
  });
}
