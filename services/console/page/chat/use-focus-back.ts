import { type RefObject, useEffect, useRef } from 'react';

/** When what took the place of a button goes, and the focus with it, the button that is back gets the focus. */
export function useFocusBack(whole: RefObject<HTMLElement | null>, isAway: boolean, button: string): void {
  const was = useRef(isAway);
  useEffect(() => {
    const isBack = was.current && !isAway;
    was.current = isAway;
    if (isBack && document.activeElement === document.body) whole.current?.querySelector<HTMLElement>(button)?.focus();
  }, [whole, isAway, button]);
}
