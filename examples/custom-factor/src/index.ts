export { GridCardFactor } from './grid-card.factor.js';
