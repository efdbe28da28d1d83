// Search in the samples: every word must be there. Works on what the page already holds.
"use strict";
for (const box of document.querySelectorAll("input[type=search]")) {
  const samples = [...box.closest("section").querySelectorAll(".sample")];
  const texts = samples.map((sample) => sample.textContent.toLowerCase());
  const said = box.closest("section").querySelector("output");
  const show = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    samples.forEach((sample, index) => {
      sample.hidden = !words.every((word) => texts[index].includes(word));
      found += sample.hidden ? 0 : 1;
    });
    said.textContent = `${found} of ${samples.length}`;
  };
  box.addEventListener("input", show);
  show();
}
