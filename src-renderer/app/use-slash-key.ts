/** `/` leads into the page's filter, from anywhere but a field. */
import { useEffect, type RefObject } from "react";

export function useSlashKey(field: RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key !== "/" || event.defaultPrevented || event.target instanceof HTMLInputElement) return;
      if (field.current === null) return;
      event.preventDefault();
      field.current.focus();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [field]);
}
