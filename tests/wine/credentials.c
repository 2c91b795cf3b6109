/* Writes generic credentials of Windows, or lists all: Wine has no cmdkey.

     credentials.exe write NAME…
     credentials.exe list                                                                          */
#include <windows.h>
#include <wincred.h>
#include <stdio.h>
#include <string.h>

static int write_all(int count, char **names)
{
    for (int i = 0; i < count; i++) {
        CREDENTIALA credential = {0};
        credential.Type = CRED_TYPE_GENERIC;
        credential.TargetName = names[i];
        credential.UserName = "user@contoso.example";
        credential.CredentialBlob = (BYTE *)"secret";
        credential.CredentialBlobSize = 6;
        credential.Persist = CRED_PERSIST_LOCAL_MACHINE;
        if (!CredWriteA(&credential, 0)) return 1;
    }
    return 0;
}

static int list(void)
{
    DWORD count = 0;
    CREDENTIALA **found = NULL;
    if (!CredEnumerateA(NULL, 0, &count, &found)) return GetLastError() == ERROR_NOT_FOUND ? 0 : 1;
    for (DWORD i = 0; i < count; i++) puts(found[i]->TargetName);
    CredFree(found);
    return 0;
}

int main(int count, char **words)
{
    if (count > 2 && !strcmp(words[1], "write")) return write_all(count - 2, words + 2);
    if (count == 2 && !strcmp(words[1], "list")) return list();
    return 2;
}
