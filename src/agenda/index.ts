export { AgendaItem, type AgendaItemProps } from './agenda-item.entity.ts';
