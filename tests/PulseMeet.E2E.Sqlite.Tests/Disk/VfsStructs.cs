using System.Runtime.InteropServices;

namespace PulseMeet.E2E.Sqlite.Tests.Disk;

/// <summary>sqlite3_vfs, https://www.sqlite.org/c3ref/vfs.html.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Vfs
{
    public int Version;
    public int FileSize;
    public int MaxPath;
    public Vfs* Next;
    public byte* Name;
    public void* AppData;
    public delegate* unmanaged[Cdecl]<Vfs*, byte*, VfsFile*, int, int*, int> Open;
    public delegate* unmanaged[Cdecl]<Vfs*, byte*, int, int> Delete;
    public nint Access;
    public nint FullPathname;
    public nint DlOpen;
    public nint DlError;
    public nint DlSym;
    public nint DlClose;
    public nint Randomness;
    public nint Sleep;
    public nint CurrentTime;
    public nint GetLastError;
    public nint CurrentTimeInt64;
    public nint SetSystemCall;
    public nint GetSystemCall;
    public nint NextSystemCall;
}

/// <summary>sqlite3_file: what lies behind the first member is the platform's.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VfsFile
{
    public VfsMethods* Methods;
}

/// <summary>sqlite3_io_methods, https://www.sqlite.org/c3ref/io_methods.html.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VfsMethods
{
    public int Version;
    public delegate* unmanaged[Cdecl]<VfsFile*, int> Close;
    public nint Read;
    public delegate* unmanaged[Cdecl]<VfsFile*, byte*, int, long, int> Write;
    public delegate* unmanaged[Cdecl]<VfsFile*, long, int> Truncate;
    public delegate* unmanaged[Cdecl]<VfsFile*, int, int> Sync;
    public nint FileSize;
    public nint Lock;
    public nint Unlock;
    public nint CheckReservedLock;
    public nint FileControl;
    public nint SectorSize;
    public nint DeviceCharacteristics;
    public nint ShmMap;
    public nint ShmLock;
    public nint ShmBarrier;
    public nint ShmUnmap;
    public nint Fetch;
    public nint Unfetch;
}
