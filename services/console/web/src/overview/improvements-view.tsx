import { ImprovementList } from '../improvements/improvement-list.js';
import { type View } from './view.js';

/** What was done about it, with before and after. */
export const ImprovementsView = (_: { readonly view: View }) => <ImprovementList />;
