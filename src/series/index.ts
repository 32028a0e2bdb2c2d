export { Series, type SeriesProps } from './series.entity.ts';
