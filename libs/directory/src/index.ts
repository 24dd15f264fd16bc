export type { ApplicationPolicy, NoticeSettings } from './application-policy.js';
export { ApplicationEntity } from './application.entity.js';
export { type Application, ApplicationStore, DEFAULT_APPLICATION } from './application.store.js';
export { Applications } from './applications.js';
export { directoryEntities, DirectoryModule } from './directory.module.js';
export { EraseUser } from './erase-user.use-case.js';
export { UserEntity } from './user.entity.js';
export { type UserChanges, UserStore } from './user.store.js';
