// The times of a page, as the visitor's clock has them.

import { localizeTimes } from "./format.js";

localizeTimes(document);
