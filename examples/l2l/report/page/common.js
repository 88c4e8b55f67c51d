"use strict";
// What the report and the page of l2l watch have in common.

/** An element with attributes (on...: a listener) and children. A text becomes a text, never HTML. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

const kPalette = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"];  // Okabe and Ito's

/** A colour of the page's style: "ink", "line" ... */
const themeColour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
