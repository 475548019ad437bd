namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>Which of two requests comes first, and where in a request its place in the heap is kept.</summary>
internal interface IRequestOrder
{
    static abstract bool Before(Request left, Request right);

    static abstract ref int Place(Request request);
}

/// <summary>
/// A binary heap that any member can leave in O(log n), since each knows its place. A request is in at most one heap of an order. Allocates only
/// when it grows beyond what it has ever held.
/// </summary>
internal sealed class RequestHeap<TOrder>
    where TOrder : IRequestOrder
{
    public const int Nowhere = -1;
    private Request[] items = new Request[4];

    public int Count { get; private set; }

    public Request? Top => Count == 0 ? null : items[0];

    public void Add(Request request)
    {
        if (TOrder.Place(request) != Nowhere)
        {
            throw new InvalidOperationException($"request {request.Id} already waits");
        }

        if (Count == items.Length)
        {
            Array.Resize(ref items, Count * 2);
        }

        Count++;
        Rise(request, Count - 1);
    }

    public void Remove(Request request)
    {
        var place = TOrder.Place(request);
        if (place == Nowhere || !ReferenceEquals(items[place], request))
        {
            throw new InvalidOperationException($"request {request.Id} does not wait here");
        }

        TOrder.Place(request) = Nowhere;
        var last = items[--Count];
        items[Count] = null!;
        if (ReferenceEquals(last, request))
        {
            return;
        }

        // The last one fills the hole: it may belong above it or below it.
        if (place > 0 && TOrder.Before(last, items[(place - 1) / 2]))
        {
            Rise(last, place);
        }
        else
        {
            Sink(last, place);
        }
    }

    private void Rise(Request request, int place)
    {
        while (place > 0 && TOrder.Before(request, items[(place - 1) / 2]))
        {
            Put(items[(place - 1) / 2], place);
            place = (place - 1) / 2;
        }

        Put(request, place);
    }

    private void Sink(Request request, int place)
    {
        for (var child = (2 * place) + 1; child < Count; child = (2 * place) + 1)
        {
            if (child + 1 < Count && TOrder.Before(items[child + 1], items[child]))
            {
                child++;
            }

            if (!TOrder.Before(items[child], request))
            {
                break;
            }

            Put(items[child], place);
            place = child;
        }

        Put(request, place);
    }

    private void Put(Request request, int place)
    {
        items[place] = request;
        TOrder.Place(request) = place;
    }
}

/// <summary>Older first.</summary>
internal readonly struct ByArrival : IRequestOrder
{
    public static bool Before(Request left, Request right) => left.Arrival < right.Arrival;

    public static ref int Place(Request request) => ref request.QueuePlace;
}

/// <summary>Sooner deadline first; all have one.</summary>
internal readonly struct ByDeadline : IRequestOrder
{
    public static bool Before(Request left, Request right) => left.Source.Deadline < right.Source.Deadline;

    public static ref int Place(Request request) => ref request.DeadlinePlace;
}
