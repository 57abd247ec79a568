using System.Numerics;

namespace CircuitLasso.Models;

/// <summary>What becomes of every pair of neighbouring tokens that merges. Complete before it is asked; then safe for use by several threads.</summary>
/// <remarks>
/// A flat table with open addressing: byte-pair encoding does little else than ask it, mostly for pairs that are not in it, and a vocabulary's
/// merges are too many for the processor's nearer caches, so one place of memory a question is what counts.
/// </remarks>
internal sealed class BytePairMerges
{
    private const ulong NoKey = ulong.MaxValue;
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;

    private Slot[] _slots = NewSlots(64);
    private int _shift = 64 - 6;

    /// <summary>Number of pairs.</summary>
    public int Count { get; private set; }

    /// <summary>Says what a pair becomes, replacing what was said before.</summary>
    public void Set(int left, int right, BytePairMerge merge)
    {
        if (2 * (Count + 1) > _slots.Length)
        {
            Grow();
        }

        ref Slot slot = ref Find(Key(left, right));
        if (slot.Key == NoKey)
        {
            slot.Key = Key(left, right);
            Count++;
        }

        slot.Merge = merge;
    }

    /// <summary>What a pair becomes.</summary>
    public bool TryGet(int left, int right, out BytePairMerge merge)
    {
        ref Slot slot = ref Find(Key(left, right));
        merge = slot.Merge;
        return slot.Key != NoKey;
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private static Slot[] NewSlots(int count)
    {
        Slot[] slots = new Slot[count];
        Array.Fill(slots, new Slot { Key = NoKey });
        return slots;
    }

    // The slot of a key, or the empty one where it belongs. At least half of the slots are empty.
    private ref Slot Find(ulong key)
    {
        Slot[] slots = _slots;
        int index = (int)((key * Multiplier) >> _shift);
        while (slots[index].Key != key && slots[index].Key != NoKey)
        {
            index = (index + 1) & (slots.Length - 1);
        }

        return ref slots[index];
    }

    private void Grow()
    {
        Slot[] old = _slots;
        _slots = NewSlots(2 * old.Length);
        _shift = 64 - BitOperations.Log2((uint)_slots.Length);
        foreach (Slot slot in old)
        {
            if (slot.Key != NoKey)
            {
                Find(slot.Key) = slot;
            }
        }
    }

    private struct Slot
    {
        public ulong Key;
        public BytePairMerge Merge;
    }
}
