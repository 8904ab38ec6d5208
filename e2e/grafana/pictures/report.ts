// What a person would see, and would not, of each panel that stands on the page.

interface Seen {
  panel: string;
  text: string;
  // Rows of the legend. Tables of the dashboard are made of other elements.
  legend: string[];
  // Texts that are cut off.
  cut: string[];
  // Whether something must be scrolled to be seen: down, or to the right.
  scrolls: string[];
}

// Whether something around a text, or its own element, hides a part of its width.
const isCut = (element: HTMLElement) => {
  const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.textContent!.trim() !== "");
  return own.some((text) => {
    const range = document.createRange();
    range.selectNodeContents(text);
    const { left, right } = range.getBoundingClientRect();
    for (let around: HTMLElement | null = element; around && !around.dataset.panel; around = around.parentElement) {
      const box = around.getBoundingClientRect();
      if (getComputedStyle(around).overflowX !== "visible" && (right > box.right + 1 || left < box.left - 1)) return true;
    }
    return false;
  });
};

const scrolls = (element: HTMLElement) => {
  const { overflowX, overflowY } = getComputedStyle(element);
  const down = /auto|scroll/.test(overflowY) && element.scrollHeight > element.clientHeight + 2;
  const right = /auto|scroll/.test(overflowX) && element.scrollWidth > element.clientWidth + 2;
  return [down ? "down" : "", right ? "right" : ""].filter(Boolean);
};

(window as any).report = (): Seen[] =>
  [...document.querySelectorAll<HTMLElement>("[data-panel]")].map((panel) => {
    const elements = [...panel.querySelectorAll<HTMLElement>("*")];
    return {
      panel: panel.dataset.panel!,
      text: panel.innerText,
      legend: [...panel.querySelectorAll<HTMLElement>("table tbody tr")].map((row) => row.innerText),
      cut: elements.filter(isCut).map((element) => element.innerText),
      scrolls: elements.flatMap(scrolls),
    };
  });
