import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

export type KeptScroll = {
  readonly box: RefObject<HTMLElement | null>;
  /** The newest message is in sight. */
  readonly atEnd: boolean;
  toEnd(): void;
  onScroll(): void;
};

type Mark = { readonly element: Element; readonly top: number };

/** A little above the end counts as the end. */
const nearPx = 60;

/**
 * Keeps what is being read in its place, whatever is added, changed or removed around it; whoever is at the end stays at
 * the end. Browsers anchor by themselves only in part: not at the very top, Safari not at all. Elements with `data-mark`
 * are what it holds on to.
 */
export function useKeptScroll(version: unknown): KeptScroll {
  const box = useRef<HTMLElement>(null);
  const kept = useRef<{ atEnd: boolean; marks: readonly Mark[] }>({ atEnd: true, marks: [] });
  const [atEnd, setAtEnd] = useState(true);

  const note = useCallback(() => {
    const element = box.current;
    if (!element) return;
    const near = element.scrollHeight - element.scrollTop - element.clientHeight < nearPx;
    kept.current = { atEnd: near, marks: marksIn(element) };
    setAtEnd(near);
  }, []);

  const keep = useCallback(() => {
    const element = box.current;
    if (!element) return;
    const mark = kept.current.marks.find((each) => each.element.isConnected);
    if (kept.current.atEnd) element.scrollTop = element.scrollHeight;
    else if (mark) element.scrollTop += topIn(element, mark.element) - mark.top;
    note();
  }, [note]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: version says when
  useLayoutEffect(keep, [keep, version]);

  useEffect(() => {
    if (!box.current) return;
    const resized = new ResizeObserver(keep);
    resized.observe(box.current);
    for (const content of box.current.children) resized.observe(content);
    return () => resized.disconnect();
  }, [keep]);

  const toEnd = useCallback(() => {
    kept.current = { atEnd: true, marks: [] };
    keep();
  }, [keep]);

  return { box, atEnd, toEnd, onScroll: note };
}

/** Those in sight, from the middle outwards: the first one may change its own height when others come above it. */
function marksIn(box: Element): Mark[] {
  const marks = [...box.querySelectorAll('[data-mark]')].map((element) => ({ element, top: topIn(box, element) }));
  const offMiddle = ({ top }: Mark) => Math.abs(top - box.clientHeight / 2);
  return marks
    .filter(({ element, top }) => top + element.clientHeight > 0 && top < box.clientHeight)
    .sort((one, other) => offMiddle(one) - offMiddle(other));
}

function topIn(box: Element, element: Element): number {
  return element.getBoundingClientRect().top - box.getBoundingClientRect().top;
}
