// What a reader could not read of the page in this window: text that is cut or lies outside,
// tables whose figures are out of sight, texts that lie on each other. A list of sentences.
(() => {
  const found = [];
  const width = document.documentElement.clientWidth;
  const said = (text) => JSON.stringify(text.trim().replace(/\s+/g, " ").slice(0, 60));
  const scroller = (node) => {
    for (let one = node.parentElement; one; one = one.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(one).overflowX)) return one;
    }
    return null;
  };
  for (const one of document.querySelectorAll("body *")) {
    const style = getComputedStyle(one);
    const cuts = style.overflowX !== "visible" && style.overflowX !== "auto";
    // An ellipsis says itself that there is more, and a click shows it.
    if (cuts && style.textOverflow !== "ellipsis" && one.scrollWidth > one.clientWidth + 1 && one.clientWidth) {
      found.push(`cut: ${said(one.textContent)}`);
    }
  }
  for (const box of document.querySelectorAll(".wide")) {
    const figure = box.querySelector("td.number");
    if (!figure || !figure.checkVisibility()) continue;
    const [inner, outer] = [figure.getBoundingClientRect(), box.getBoundingClientRect()];
    if (inner.right > outer.right + 1) found.push(`no figure in sight: ${box.ariaLabel}`);
  }
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || ["SCRIPT", "STYLE", "LEGEND"].includes(parent.tagName)) continue;
    if (!parent.checkVisibility()) continue;
    const box = scroller(node)?.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const { left, right, top, bottom, height } of range.getClientRects()) {
      if (box && (right > box.right || bottom > box.bottom || left < box.left)) continue;
      if (right - left < 2) continue;
      if (right > width + 1 || left < -1) {
        const ellipsis = getComputedStyle(parent).textOverflow === "ellipsis";
        if (!ellipsis) found.push(`outside: ${said(node.data)}`);
        continue;
      }
      // A letter's box is higher than the letter.
      texts.push({ node, left: left + 1, right: right - 1, top: top + height / 4, bottom: bottom - height / 4 });
    }
  }
  texts.sort((a, b) => a.top - b.top);
  texts.forEach((one, index) => {
    for (let next = index + 1; next < texts.length && texts[next].top < one.bottom; next += 1) {
      const other = texts[next];
      if (other.node !== one.node && other.left < one.right && one.left < other.right) {
        found.push(`on each other: ${said(one.node.data)} and ${said(other.node.data)}`);
      }
    }
  });
  return found;
})()
