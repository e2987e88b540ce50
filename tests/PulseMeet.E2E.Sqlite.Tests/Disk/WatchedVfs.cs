using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PulseMeet.E2E.Sqlite.Tests.Disk;

/// <summary>SQLite's own file system with an ear on each write, truncation, sync and deletion: the <see cref="WatchedDisk"/> of the
/// file's folder hears of it first, and may refuse it.</summary>
/// <remarks>The platform's functions stay in place but for five; all files are the platform's.</remarks>
internal static unsafe partial class WatchedVfs
{
    public const string Name = "watched";

    private static readonly ConcurrentDictionary<string, WatchedDisk> s_disks = [];
    private static readonly ConcurrentDictionary<nint, (string Path, nint Methods)> s_files = [];
    private static readonly ConcurrentDictionary<nint, nint> s_methods = [];
    private static readonly Vfs* s_base = Register();

    /// <summary>Watches the files of a folder.</summary>
    public static void Watch(string folder, WatchedDisk disk)
    {
        Assert.True(s_base != null);
        Assert.True(s_disks.TryAdd(folder, disk));
    }

    private static Vfs* Register()
    {
        SQLitePCL.Batteries_V2.Init();
        Vfs* platform = Find(null);
        var own = (Vfs*)NativeMemory.AllocZeroed((nuint)sizeof(Vfs));
        *own = *platform;
        own->Next = null;
        own->Name = (byte*)Marshal.StringToCoTaskMemUTF8(Name);
        own->Open = &Open;
        own->Delete = &Delete;
        Assert.Equal(0, Register(own, 0));
        return platform;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(Vfs* vfs, byte* name, VfsFile* file, int flags, int* outFlags)
    {
        int result = s_base->Open(vfs, name, file, flags, outFlags);
        if (result == 0 && name != null && file->Methods != null)
        {
            s_files[(nint)file] = (Marshal.PtrToStringUTF8((nint)name)!, (nint)file->Methods);
            file->Methods = (VfsMethods*)s_methods.GetOrAdd((nint)file->Methods, Wrap);
        }

        return result;
    }

    private static nint Wrap(nint methods)
    {
        var own = (VfsMethods*)NativeMemory.Alloc((nuint)sizeof(VfsMethods));
        *own = *(VfsMethods*)methods;

        // Without memory mapping of the database every read and write comes by.
        own->Version = 2;
        own->Close = &Close;
        own->Write = &Write;
        own->Truncate = &Truncate;
        own->Sync = &Sync;
        return (nint)own;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Delete(Vfs* vfs, byte* name, int syncFolder)
    {
        string path = Marshal.PtrToStringUTF8((nint)name)!;
        int refusal = DiskOf(path)?.OnDelete(path) ?? 0;
        return refusal != 0 ? refusal : s_base->Delete(vfs, name, syncFolder);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(VfsFile* file)
    {
        s_files.TryRemove((nint)file, out (string Path, nint Methods) open);
        return ((VfsMethods*)open.Methods)->Close(file);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(VfsFile* file, byte* bytes, int length, long offset)
    {
        (string path, nint methods) = s_files[(nint)file];
        int refusal = DiskOf(path)?.OnWrite(path, new ReadOnlySpan<byte>(bytes, length), offset) ?? 0;
        return refusal != 0 ? refusal : ((VfsMethods*)methods)->Write(file, bytes, length, offset);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(VfsFile* file, long size)
    {
        (string path, nint methods) = s_files[(nint)file];
        int refusal = DiskOf(path)?.OnTruncate(path, size) ?? 0;
        return refusal != 0 ? refusal : ((VfsMethods*)methods)->Truncate(file, size);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(VfsFile* file, int flags)
    {
        // The test's disk is the log of what was synced: the machine's own need not spin.
        string path = s_files[(nint)file].Path;
        return DiskOf(path)?.OnSync(path) ?? 0;
    }

    private static WatchedDisk? DiskOf(string path) => s_disks.GetValueOrDefault(System.IO.Path.GetDirectoryName(path)!);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_find")]
    private static partial Vfs* Find(byte* name);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_register")]
    private static partial int Register(Vfs* vfs, int makeDefault);
}
