// Run in the page by the debugger. Everything answers with a list of complaints.
const seen = (element) => element.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true });

// What is called so in every language.
const NAMES = ["Contoso Command Line", "innkeeper setup-secret"];

const inspect = {
  // What every page has to have.
  structure(language) {
    const wrong = [];
    if (document.documentElement.lang !== language) wrong.push(`lang is ${document.documentElement.lang}`);
    if (!document.title.trim()) wrong.push("there is no title");
    const headings = document.querySelectorAll("h1");
    if (headings.length !== 1) wrong.push(`${headings.length} first-level headings`);
    for (const entry of performance.getEntriesByType("resource")) {
      if (new URL(entry.name).origin !== location.origin) wrong.push(`taken from elsewhere: ${entry.name}`);
    }
    return wrong;
  },

  // Words of English on a page of another language: three in a row, outside of names, codes and what is marked as such.
  foreign() {
    const wrong = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { parentElement, data } = walker.currentNode;
      if (parentElement.closest("bdi, time, code, pre, samp, kbd, option, textarea, .mono, .domain, [translate=no]")) continue;
      const own = parentElement.closest("[lang]");
      if (own !== document.documentElement) continue;
      // Permissions and properties are called Group.Read.All in every language.
      const plain = NAMES.reduce((text, name) => text.replaceAll(name, ""), data).replace(/\w+(?:\.\w+)+/g, "");
      const words = plain.match(/[A-Za-z]{2,}(?:[ ,.'’-]+[A-Za-z]{2,}){2,}/);
      if (words && seen(parentElement)) wrong.push(`not translated: ${words[0]}`);
    }
    return wrong;
  },

  // Nothing is wider than the window, and nothing is cut off.
  width() {
    const wrong = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    const say = (element) => `${element.tagName.toLowerCase()}.${element.className} ${element.textContent.trim().slice(0, 40)}`;
    if (scrollWidth > clientWidth) {
      wrong.push(`scrolls sideways: ${scrollWidth} in ${clientWidth}`);
      for (const element of document.body.querySelectorAll("*")) {
        const { right, width } = element.getBoundingClientRect();
        if (width && right > clientWidth + 1 && !element.closest(".unseen, .skip")) wrong.push(`sticks out: ${say(element)}`);
      }
    }
    for (const element of document.querySelectorAll("button, .button, h1, h2, h3, label, legend, .mark, nav a")) {
      if (element.closest(".unseen, .skip") || !seen(element)) continue;
      if (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline") {
        wrong.push(`cut off: ${say(element)}`);
      }
    }
    return wrong.slice(0, 8);
  },

  // Nothing moves for people who asked for that.
  motion() {
    const moving = [...document.querySelectorAll("*")].filter((element) => {
      const style = getComputedStyle(element);
      const lasts = (text) => text.split(",").some((part) => parseFloat(part) > 0);
      return lasts(style.transitionDuration) || (style.animationName !== "none" && lasts(style.animationDuration));
    });
    return moving.slice(0, 3).map((element) => `moves: ${element.tagName} ${element.className}`);
  },

  // Everything together, as it is without a cache. What comes after somebody did something is another page.
  weight() {
    const page = performance.getEntriesByType("navigation")[0];
    const own = performance.getEntriesByType("resource").filter(({ startTime }) => startTime < (globalThis.actedAt ?? Infinity));
    return own.reduce((sum, entry) => sum + entry.encodedBodySize, page.encodedBodySize);
  },

  // Layout shifts since the page began to load, with what shifted. The layout has pages painted when all of them is there. What comes after somebody did something answers that. Less than
  // a hundredth of what counts as good is a rounding, or a page of which a slow machine painted the beginning first.
  shifts(done) {
    const wrong = [];
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (entry.startTime > (globalThis.actedAt ?? Infinity) || entry.value < 0.001) continue;
        const place = ({ x, y, width, height }) => `${x},${y} ${width}x${height}`;
        const say = ({ node, previousRect, currentRect }) =>
          `${node?.nodeName ?? "?"}.${node?.className} from ${place(previousRect)} to ${place(currentRect)}`;
        const what = entry.sources.map(say).join(", ");
        wrong.push(`layout shifts by ${entry.value}: ${what}`);
      }
    });
    observer.observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => setTimeout(() => done(wrong), 30));
  },

  // By WCAG 2.2 AA and what is good practice beyond.
  axe(done) {
    const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    axe.run(document, { runOnly, resultTypes: ["violations"] }).then(
      ({ violations }) => done(violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id} (${help}): ${target.join(" ")}: ${failureSummary.replaceAll("\n", " ")}`))),
      (error) => done([`axe: ${error}`]),
    );
  },
};
