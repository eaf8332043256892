// What the shopper is called.

import { currentLanguage, t } from "../browser/i18n.js";
import { exampleShopper } from "../state/shopper.js";
import { store } from "../state/store.js";

export function shopperName() {
  const { shopper } = store.state;
  if (!shopper) return t("who.guest");
  return exampleShopper(shopper)?.name[currentLanguage()] ?? t("who.me");
}
