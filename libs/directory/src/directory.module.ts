import { Module } from '@nestjs/common';
import { AddressStore } from './address.store.js';
import { ApplicationEntity } from './application.entity.js';
import { ApplicationStore } from './application.store.js';
import { Applications } from './applications.js';
import { ChangeApplication } from './change-application.use-case.js';
import { CreateApplication } from './create-application.use-case.js';
import { EraseUser } from './erase-user.use-case.js';
import { UserEntity } from './user.entity.js';
import { PutUser } from './put-user.use-case.js';
import { UserMaker } from './user-maker.js';
import { RestoredUsers } from './restored-users.js';
import { UserStore } from './user.store.js';

/** The directory's tables. */
export const directoryEntities = [ApplicationEntity, UserEntity];

/** Applications and their users. */
@Module({
  providers: [
    ApplicationStore,
    Applications,
    CreateApplication,
    ChangeApplication,
    UserStore,
    AddressStore,
    UserMaker,
    PutUser,
    EraseUser,
    RestoredUsers,
  ],
  exports: [
    ApplicationStore,
    Applications,
    CreateApplication,
    ChangeApplication,
    UserStore,
    AddressStore,
    UserMaker,
    PutUser,
    EraseUser,
  ],
})
export class DirectoryModule {}
