// Starts the page. state/ holds what it knows and what may change it, views/ shows that and listens to the shopper,
// api/ talks to the server, browser/ knows the browser.

import * as api from "./api/endpoints.js";
import { translatePage } from "./browser/i18n.js";
import { followHistory } from "./state/navigation.js";
import { loadOffered } from "./state/search.js";
import { loadShoppers } from "./state/shopper.js";
import { store } from "./state/store.js";
import { mountChips } from "./views/chips.js";
import { mountDrawer } from "./views/drawer.js";
import { mountFacets } from "./views/facets.js";
import { mountFilterForm } from "./views/filter-form.js";
import { mountHeading } from "./views/heading.js";
import { mountHits } from "./views/hits.js";
import { mountHome } from "./views/home.js";
import { mountKeyboard } from "./views/keyboard.js";
import { mountLayout } from "./views/layout.js";
import { mountMessages } from "./views/messages.js";
import { mountNotice } from "./views/notice.js";
import { mountPhotoInput } from "./views/photo-input.js";
import { mountRelated } from "./views/related.js";
import { mountSearchBox } from "./views/search-box.js";
import { mountShopperDialog } from "./views/shopper-dialog.js";
import { mountShop } from "./views/shop.js";
import { mountSort } from "./views/sort.js";
import { mountWhyNot } from "./views/why-not.js";

translatePage();
mountLayout();
mountSearchBox();
mountPhotoInput();
mountHome();
mountShop();
mountHeading();
mountMessages();
mountChips();
mountSort();
mountFacets();
mountFilterForm();
mountNotice();
mountHits();
mountRelated();
mountWhyNot();
mountDrawer();
mountShopperDialog();
mountKeyboard();
followHistory();

const [stats, examples] = await Promise.all([
  api.stats().catch(() => null),
  api.examples().catch(() => []),
  loadShoppers(),
  loadOffered(),
]);
store.setShop(stats, examples);
